/** What does the page around the surface look like? The app's palette and type scale (13, 15, 20, 28), under its own prefix. */

const LIGHT =
  "--st-background-color:#ffffff;--st-secondary-background-color:#f5f6f8;--st-text-color:#1c2128;--st-border-color:#d9dde3;--st-primary-color:#3b5bdb;--lp-muted:#545d68;--lp-on-accent:#ffffff;--lp-hover:#eceef2;color-scheme:light";
const DARK =
  "--st-background-color:#14171c;--st-secondary-background-color:#1d2127;--st-text-color:#e6e9ee;--st-border-color:#353b45;--st-primary-color:#8da2fb;--lp-muted:#a9b3bf;--lp-on-accent:#0c0f14;--lp-hover:#282d35;color-scheme:dark";

export const PAGE_STYLE = `
.lp-root{${LIGHT};box-sizing:border-box;color:var(--st-text-color);background:var(--st-background-color);font:400 15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){.lp-root:not([data-theme]){${DARK}}}
.lp-root[data-theme=dark]{${DARK}}
.lp-root *{box-sizing:border-box}
.lp-root [hidden]{display:none!important}
.lp-root :where(h1,h2,p,ul,dl,dd,figure,fieldset){margin:0;padding:0;border:0;min-width:0}
.lp-root :is(button,select,summary,input,a,[tabindex]):focus-visible{outline:2px solid var(--st-primary-color);outline-offset:2px}
.lp-sheet{max-width:1500px;margin:0 auto;padding:28px 32px 40px}
.lp-brand{font-size:13px;font-weight:600;color:var(--lp-muted);letter-spacing:.01em}
.lp-h1{font-size:28px;line-height:1.2;font-weight:650;letter-spacing:-.015em}
.lp-head{display:grid;gap:4px;margin-bottom:20px}
.lp-facts{color:var(--lp-muted)}
.lp-details{font-size:13px;color:var(--lp-muted);max-width:90ch}
.lp-details summary{cursor:pointer;width:fit-content;color:var(--st-primary-color);border-radius:4px}
.lp-details dl{display:grid;grid-template-columns:minmax(96px,auto) 1fr;gap:6px 16px;margin:10px 0}
.lp-details dt{font-weight:600;color:var(--st-text-color)}
.lp-row{display:flex;flex-wrap:wrap;align-items:center;gap:10px 16px}
.lp-controls{margin-bottom:12px}
.lp-segmented{display:inline-flex;flex-wrap:wrap;padding:3px;gap:2px;border-radius:9px;background:var(--st-secondary-background-color)}
.lp-segment{position:relative;display:block;cursor:pointer}
.lp-radio{position:absolute;inset:0;opacity:0;margin:0;cursor:pointer;width:100%;height:100%}
.lp-segment span{display:block;padding:0 12px;font-size:13px;font-weight:500;line-height:30px;border-radius:7px;color:var(--lp-muted);transition:background-color .12s,color .12s}
.lp-segment:hover span{color:var(--st-text-color)}
.lp-radio:checked+span{background:var(--st-background-color);color:var(--st-text-color);font-weight:600;box-shadow:0 0 0 1px var(--st-border-color)}
.lp-radio:focus-visible+span{outline:2px solid var(--st-primary-color);outline-offset:1px}
.lp-field{display:inline-flex;align-items:center;gap:8px;font-size:13px;color:var(--lp-muted)}
.lp-select{height:36px;min-width:64px;padding:0 10px;border:1px solid var(--st-border-color);border-radius:8px;background:var(--st-background-color);color:var(--st-text-color);font:500 13px/1 inherit;font-family:inherit;cursor:pointer}
.lp-body{container-type:inline-size}
.lp-cell{padding:14px 18px 18px;border-radius:8px}
.lp-root .la-icon{flex:none;fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.lp-root .la-icon-play{fill:currentColor}
.lp-foot{margin-top:40px;padding-top:16px;border-top:1px solid var(--st-border-color);font-size:13px;color:var(--lp-muted)}
.lp-error{padding:24px 0}
@media (max-width:640px){.lp-sheet{padding:18px 14px 32px}.lp-h1{font-size:28px}.lp-head{margin-bottom:16px}.lp-segment span{line-height:34px;padding:0 11px}.lp-select{height:40px}.lp-details dl{grid-template-columns:1fr;gap:0 0}.lp-details dd{margin-bottom:8px}}
@media (prefers-reduced-motion:reduce){.lp-root *{transition:none!important}}
`;
