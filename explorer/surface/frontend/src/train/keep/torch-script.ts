/**
 * How is the same training written in plain PyTorch? As a script of at most sixty lines that needs torch and numpy: the same network, first
 * weights of the same kind, batches, optimiser and loss. The random numbers are torch's, so the losses agree and the digits do not.
 */

import { CONV_HEAD, featureSizes, type NetworkWords } from "../../engine/learning/architectures";
import type { Settings } from "../../engine/learning/records";
import { product } from "../../wire/payload";

export interface ScriptOf {
  readonly words: NetworkWords;
  readonly seed: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly settings: Settings;
  /** Whether β, rate or noise were others at an earlier step. */
  readonly hasChanged: boolean;
  /** The data set, for people. */
  readonly data: string;
}

const MODULES = { relu: "ReLU", silu: "SiLU", tanh: "Tanh", sigmoid: "Sigmoid" } as const;
const LOG_2_PI = "math.log(2 * math.pi)";

export function torchScript(script: ScriptOf): string {
  const { words, seed, batchSize, epochs, settings, hasChanged, data } = script;
  const { likelihood, isDeterministic = false, learnsSigma = false, sigma = 1 } = words;
  const pixels = product(words.imageShape);
  const isGaussian = likelihood === "gaussian";
  return `${[
    `"""${title(words)} on ${data}, ${epochs} epochs. Run: python same.py images.npz"""`,
    ...(isGaussian ? ["import math"] : []),
    "import sys",
    "",
    "import numpy as np",
    "import torch",
    "from torch import nn",
    "",
    ...(hasChanged
      ? ["# settings were changed while it learned: here the last ones hold from the first step, so it ends elsewhere"]
      : []),
    `torch.manual_seed(${seed})`,
    "file = np.load(sys.argv[1])  # train and test: bytes, images × pixels",
    `train, test = (torch.from_numpy(file[name]).reshape(-1, ${pixels}).float() / 255 for name in ("train", "test"))`,
    "",
    "",
    ...networkLines(words),
    ...(isGaussian ? [`log_sigma = torch.tensor(math.log(${sigma}), requires_grad=${python(learnsSigma)})`] : []),
    "",
    "",
    "def terms(x):",
    ...termsLines(words, settings).map((line) => `    ${line}`),
    "",
    "",
    `parameters = [*encoder.parameters(), *decoder.parameters()${words.isConvolutional ? ", bias" : ""}${learnsSigma ? ", log_sigma" : ""}]`,
    `adam = torch.optim.Adam(parameters, lr=${settings.learningRate})`,
    `for epoch in range(${epochs}):`,
    `    for batch in torch.randperm(len(train)).split(${batchSize}):`,
    ...lossLines(words, settings).map((line) => `        ${line}`),
    "        adam.zero_grad()",
    "        loss.backward()",
    "        adam.step()",
    "    with torch.no_grad():",
    ...toldLines(isDeterministic).map((line) => `        ${line}`),
  ].join("\n")}\n`;
}

/** Encoder and decoder, which begins with the mean image. */
function networkLines(words: NetworkWords): string[] {
  const { imageShape, latentDim: K, hidden, isConvolutional, isDeterministic } = words;
  const pixels = product(imageShape);
  const answer = isDeterministic ? K : 2 * K;
  const dense = [
    "def dense(*widths):",
    `    layers = [layer for a, b in zip(widths, widths[1:]) for layer in (nn.Linear(a, b), ${activationOf(words)})]`,
    "    return nn.Sequential(*layers[:-1])",
    "",
    "",
  ];
  const mean = words.likelihood === "bernoulli" ? "train.mean(0).clamp(0.001, 0.999).logit()" : "train.mean(0)";
  if (isConvolutional) return [...dense, ...convolutionLines(words, answer), `bias = ${mean}.requires_grad_()`];
  return [
    ...dense,
    `encoder = dense(${[pixels, ...hidden, answer].join(", ")})`,
    `decoder = dense(${[K, ...[...hidden].reverse(), pixels].join(", ")})`,
    `decoder[-1].bias.data = ${mean}`,
  ];
}

function convolutionLines(words: NetworkWords, answer: number): string[] {
  const { imageShape, latentDim: K, hidden } = words;
  const activation = activationOf(words);
  const sizes = featureSizes(imageShape, hidden.length);
  const channels = [imageShape[0], ...hidden];
  const top = [channels[hidden.length], ...sizes[hidden.length]];
  const down = hidden.map((n, i) => `nn.Conv2d(${channels[i]}, ${n}, 3, 2, 1), ${activation}`);
  const up = hidden.map((n, i) => {
    // an odd side was rounded up before: a negative padding takes the last row and column away
    const [bottom, right] = [0, 1].map((axis) => sizes[i][axis] - 2 * sizes[i + 1][axis]);
    const crop = bottom || right ? `, nn.ZeroPad2d((0, ${right}, 0, ${bottom}))` : "";
    return `nn.ConvTranspose2d(${n}, ${channels[i]}, 4, 2, 1)${crop}${i ? `, ${activation}` : ""}`;
  });
  return [
    "encoder = nn.Sequential(",
    `    nn.Unflatten(1, (${imageShape.join(", ")})), ${down.join(", ")},`,
    `    nn.Flatten(), dense(${product(top)}, ${CONV_HEAD}, ${answer}),`,
    ")",
    "decoder = nn.Sequential(",
    `    dense(${K}, ${CONV_HEAD}, ${product(top)}), ${activation}, nn.Unflatten(1, (${top.join(", ")})),`,
    `    ${[...up].reverse().join(", ")}, nn.Flatten(),`,
    ")",
  ];
}

function termsLines(
  { isDeterministic, isConvolutional, likelihood, imageShape }: NetworkWords,
  { noise }: Settings,
): string[] {
  const draw = noise ? "z = mu + (logvar / 2).exp() * torch.randn_like(mu)" : "z = mu";
  return [
    ...(isDeterministic ? ["z = encoder(x)"] : ["mu, logvar = encoder(x).chunk(2, dim=1)", draw]),
    `output = decoder(z)${isConvolutional ? " + bias" : ""}`,
    ...reconstructionLines(likelihood, product(imageShape)),
    isDeterministic ? "return reconstruction" : "return reconstruction, 0.5 * (mu**2 + torch.expm1(logvar) - logvar)",
  ];
}

function lossLines({ isDeterministic }: NetworkWords, settings: Settings): string[] {
  if (isDeterministic) return ["loss = terms(train[batch]).mean()"];
  return [
    "reconstruction, kl = terms(train[batch])",
    `loss = reconstruction.mean() + ${settings.beta} * ${paid(settings)}`,
  ];
}

function toldLines(isDeterministic: boolean): string[] {
  if (isDeterministic) return ['print(f"epoch {epoch + 1}: test reconstruction {terms(test).mean():.3f} nats")'];
  return [
    "reconstruction, kl = (part.sum() / len(test) for part in terms(test))",
    'print(f"epoch {epoch + 1}: test reconstruction {reconstruction:.3f} nats, KL {kl:.3f} nats")',
  ];
}

function title({ isDeterministic, latentDim }: NetworkWords): string {
  return `${isDeterministic ? "An autoencoder" : "A VAE"} with ${latentDim} latent dimension${latentDim === 1 ? "" : "s"}`;
}

function activationOf({ activation = "relu" }: NetworkWords): string {
  if (activation === "gelu") return 'nn.GELU("tanh")';
  const name = MODULES[activation as keyof typeof MODULES];
  if (!name) throw new Error(`There is no module of torch for “${activation}” here.`);
  return `nn.${name}()`;
}

function reconstructionLines(likelihood: NetworkWords["likelihood"], pixels: number): string[] {
  if (likelihood === "bernoulli")
    return [
      'bits = nn.functional.binary_cross_entropy_with_logits(output, x, reduction="none")',
      "reconstruction = bits.sum(1)",
    ];
  return [
    "squares = ((output - x) ** 2).sum(1) / (2 * log_sigma).exp()",
    `reconstruction = 0.5 * squares + ${pixels} * (0.5 * ${LOG_2_PI} + log_sigma)`,
  ];
}

/** The KL that the loss counts: of every dimension its mean over the batch, at least the free bits. */
function paid({ freeBits }: Settings): string {
  return freeBits > 0 ? `kl.mean(0).clamp(min=${freeBits}).sum()` : "kl.mean(0).sum()";
}

function python(value: boolean): string {
  return value ? "True" : "False";
}
