/**
 * How is the same training written in plain PyTorch? As a script of at most sixty lines that needs torch and numpy: the same network, first
 * weights of the same kind, batches, optimiser and loss. The random numbers are torch's, so the losses agree and the digits do not.
 */

import type { DenseWords } from "../../engine/learning/architectures";
import type { Settings } from "../../engine/learning/records";
import { product } from "../../wire/payload";

export interface ScriptOf {
  readonly words: DenseWords;
  readonly seed: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly settings: Settings;
  /** The data set, for people. */
  readonly data: string;
}

const MODULES = { relu: "ReLU", silu: "SiLU", tanh: "Tanh", sigmoid: "Sigmoid" } as const;
const LOG_2_PI = "math.log(2 * math.pi)";

export function torchScript({ words, seed, batchSize, epochs, settings, data }: ScriptOf): string {
  const { latentDim: K, hidden, likelihood, isDeterministic = false, learnsSigma = false, sigma = 1 } = words;
  const pixels = product(words.imageShape);
  const activation = activationOf(words);
  const answer = isDeterministic ? K : 2 * K;
  const isGaussian = likelihood === "gaussian";
  const encode = isDeterministic ? ["z = encoder(x)"] : drawLines(settings);
  const loss = isDeterministic
    ? "reconstruction.mean()"
    : `reconstruction.mean() + ${settings.beta} * ${paid(settings)}`;
  return `${[
    `"""${title(words)} on ${data}, ${epochs} epochs. Run: python same.py images.npz"""`,
    ...(isGaussian ? ["import math"] : []),
    "import sys",
    "",
    "import numpy as np",
    "import torch",
    "from torch import nn",
    "",
    `torch.manual_seed(${seed})`,
    "file = np.load(sys.argv[1])  # train and test: bytes, images × pixels",
    `train, test = (torch.from_numpy(file[name]).reshape(-1, ${pixels}).float() / 255 for name in ("train", "test"))`,
    "",
    "",
    "def dense(*widths):",
    `    layers = [layer for a, b in zip(widths, widths[1:]) for layer in (nn.Linear(a, b), ${activation})]`,
    "    return nn.Sequential(*layers[:-1])",
    "",
    "",
    `encoder = dense(${[pixels, ...hidden, answer].join(", ")})`,
    `decoder = dense(${[K, ...[...hidden].reverse(), pixels].join(", ")})`,
    ...firstLines(likelihood),
    ...(isGaussian ? [`log_sigma = torch.tensor(math.log(${sigma}), requires_grad=${python(learnsSigma)})`] : []),
    "",
    "",
    "def terms(x):",
    ...encode.map((line) => `    ${line}`),
    "    output = decoder(z)",
    ...reconstructionLines(likelihood, pixels).map((line) => `    ${line}`),
    isDeterministic
      ? "    return reconstruction, torch.zeros(x.shape[0], 1)"
      : "    return reconstruction, 0.5 * (mu**2 + torch.expm1(logvar) - logvar)",
    "",
    "",
    `parameters = [*encoder.parameters(), *decoder.parameters()${isGaussian && learnsSigma ? ", log_sigma" : ""}]`,
    `adam = torch.optim.Adam(parameters, lr=${settings.learningRate})`,
    `for epoch in range(${epochs}):`,
    `    for batch in torch.randperm(len(train)).split(${batchSize}):`,
    "        reconstruction, kl = terms(train[batch])",
    `        loss = ${loss}`,
    "        adam.zero_grad()",
    "        loss.backward()",
    "        adam.step()",
    "    with torch.no_grad():",
    "        reconstruction, kl = (part.sum() / len(test) for part in terms(test))",
    '    print(f"epoch {epoch + 1}: test reconstruction {reconstruction:.3f} nats, KL {kl:.3f} nats")',
  ].join("\n")}\n`;
}

function title({ isDeterministic, latentDim }: DenseWords): string {
  return `${isDeterministic ? "An autoencoder" : "A VAE"} with ${latentDim} latent dimension${latentDim === 1 ? "" : "s"}`;
}

function activationOf({ activation = "relu" }: DenseWords): string {
  if (activation === "gelu") return 'nn.GELU("tanh")';
  const name = MODULES[activation as keyof typeof MODULES];
  if (!name) throw new Error(`There is no module of torch for “${activation}” here.`);
  return `nn.${name}()`;
}

function drawLines({ noise }: Settings): string[] {
  const draw = noise ? "z = mu + (logvar / 2).exp() * torch.randn_like(mu)" : "z = mu";
  return ["mu, logvar = encoder(x).chunk(2, dim=1)", draw];
}

/** The decoder begins with the mean image. */
function firstLines(likelihood: DenseWords["likelihood"]): string[] {
  const mean = "train.mean(0)";
  return [`decoder[-1].bias.data = ${likelihood === "bernoulli" ? `${mean}.clamp(0.001, 0.999).logit()` : mean}`];
}

function reconstructionLines(likelihood: DenseWords["likelihood"], pixels: number): string[] {
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
