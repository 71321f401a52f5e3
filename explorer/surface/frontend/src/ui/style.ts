/** What does the surface look like? One style sheet inside its own root; colours come from `theme`. */

import { EASEL_STYLE } from "../pad/pad-style";

export const STYLE = `
.la-root{display:block;position:relative;width:100%;box-sizing:border-box;color:var(--la-text);font:400 15px/1.4 var(--la-font);font-variant-numeric:tabular-nums;text-align:left;-webkit-text-size-adjust:100%}
.la-root *,.la-root *::before{box-sizing:border-box}
.la-root [hidden]{display:none!important}
.la-root :where(p,h2,dl,dd,ol){margin:0;padding:0}
.la-body{display:grid;grid-template-columns:minmax(0,1fr);gap:16px}
.la-root[data-wide] .la-body{grid-template-columns:minmax(0,1fr) var(--la-card-width);gap:24px}
.la-root[data-bare] .la-body{grid-template-columns:minmax(0,1fr)}
.la-root:not([data-wide]) .la-left{display:contents}
.la-root:not([data-wide]) .la-card{order:1}
.la-root:not([data-wide]) :is(.la-legend,.la-strip,.la-rack,.la-groups,.la-classes){order:2;margin-top:0}
.la-root:not([data-wide]) .la-shelf{order:3}
.la-root:not([data-wide]) .la-body{gap:12px}
.la-error{padding:24px 0;color:var(--la-text);font-size:15px}
.la-number{font-variant-numeric:tabular-nums}
.la-muted,.la-small{color:var(--la-muted);font-size:13px;line-height:1.45}
.la-small{display:block}
.la-h{font:600 13px/1.4 var(--la-font);color:var(--la-muted);letter-spacing:.01em}
.la-hidden{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}

.la-toolbar{display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px;min-height:36px;margin-bottom:8px}
.la-heading{flex:1 1 160px;min-width:0;display:flex;flex-wrap:wrap;align-items:baseline;gap:0 10px}
.la-title{font-weight:600;font-size:15px}
.la-tools{display:flex;align-items:center;gap:2px}
.la-tool{display:inline-flex;align-items:center;justify-content:center;gap:6px;min-width:32px;height:32px;padding:0 7px;border:0;border-radius:7px;background:transparent;color:var(--la-muted);font:500 13px/1 var(--la-font);cursor:pointer;transition:background-color .12s,color .12s}
.la-tool:hover{background:var(--la-soft);color:var(--la-text)}
.la-tool[aria-pressed=true],.la-tool[aria-expanded=true]{background:var(--la-soft);color:var(--la-accent-text)}
.la-icon{width:18px;height:18px;flex:none;fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.la-icon-play{fill:currentColor}.la-icon-pause{stroke-width:2.6}
.la-root :is(button,summary,input:not(.la-radio),select,ol,pre,[role=application]):focus-visible{outline:2px solid var(--la-accent-text);outline-offset:2px}

.la-stage{position:relative;width:100%;overflow:hidden;user-select:none;-webkit-user-select:none}
.la-stage canvas{position:absolute;display:block}
.la-ground{left:0;top:0}
.la-points{pointer-events:none}
.la-overlay{cursor:crosshair;touch-action:none;border-radius:8px;box-shadow:inset 0 0 0 1px var(--la-border)}
.la-overlay[data-drag=pan]{cursor:grab}.la-overlay[data-drag=panning]{cursor:grabbing}
.la-overlay[role=application]:focus-visible{outline-offset:-2px}
.la-marks{position:absolute;overflow:hidden;pointer-events:none;border-radius:8px;contain:strict}
.la-marks>*{position:absolute;left:0;top:0;will-change:transform}
.la-probe{width:28px;height:28px;margin:-14px 0 0 -14px}
.la-probe svg{display:block;width:28px;height:28px;overflow:visible}
.la-probe-halo{fill:none;stroke:var(--la-map);stroke-width:5;opacity:.9}
.la-probe-ring{fill:none;stroke:var(--la-text);stroke-width:2}.la-probe[data-low] .la-probe-ring{stroke-dasharray:4 3.5}
.la-probe-dot{fill:var(--la-text);stroke:var(--la-map);stroke-width:1.5}
.la-nearest-mark{width:12px;height:12px;margin:-6px 0 0 -6px;border:2px solid var(--la-text);border-radius:50%;box-shadow:0 0 0 1.5px var(--la-map),inset 0 0 0 1px var(--la-map)}
.la-link{width:1px;height:1.5px;margin-top:-.75px;background:var(--la-text);opacity:.55;transform-origin:0 50%}
.la-hint{position:absolute;left:50%;bottom:40px;transform:translateX(-50%);max-width:90%;padding:6px 14px;border-radius:99px;background:var(--la-glass);box-shadow:0 0 0 1px var(--la-border);color:var(--la-text);font-size:13px;white-space:nowrap;pointer-events:none;transition:opacity .28s}
.la-hint[data-leaving]{opacity:0}
.la-shown{position:absolute;left:50px;top:8px;max-width:calc(100% - 60px);padding:3px 10px;border-radius:99px;background:var(--la-glass);color:var(--la-text);font-size:13px;pointer-events:none}
.la-help{position:absolute;right:10px;top:10px;width:min(340px,calc(100% - 20px));max-height:calc(100% - 48px);overflow:auto;padding:10px 12px 14px 16px;border-radius:10px;background:var(--la-background);color:var(--la-text);box-shadow:0 0 0 1px var(--la-border),0 8px 28px rgba(0,0,0,.18)}
.la-help-head{display:flex;justify-content:space-between;align-items:center;margin-bottom:4px}
.la-help dl{display:grid;grid-template-columns:auto 1fr;gap:5px 14px;font-size:13px;padding-right:4px}
.la-help dt{font-weight:600;white-space:nowrap}.la-help dd{color:var(--la-muted)}

.la-drawer{width:min(320px,calc(100% - 20px));padding-bottom:14px;z-index:2}
.la-drawer .la-h{margin-top:12px}.la-drawer .la-help-head .la-h{margin-top:0}
.la-options{display:grid;gap:2px;margin:0 -6px}
.la-suboptions{margin:0 -6px 4px 16px;padding-left:6px;border-left:2px solid var(--la-border)}
.la-option{display:grid;grid-template-columns:auto 1fr;gap:9px;align-items:start;padding:5px 6px;border-radius:7px;font-size:14px;line-height:1.35;cursor:pointer}
.la-option:hover{background:var(--la-soft)}
.la-option input{margin:3px 0 0;accent-color:var(--la-accent)}
.la-select,.la-input{width:100%;height:34px;margin:4px 0 2px;padding:0 8px;border:1px solid var(--la-border);border-radius:7px;background:var(--la-map);color:var(--la-text);font:400 14px/1 var(--la-font)}
.la-find{display:flex;gap:6px;align-items:center}
.la-button{height:34px;padding:0 12px;border:0;border-radius:7px;background:var(--la-accent);color:var(--la-on-accent);font:600 13px/1 var(--la-font);cursor:pointer}
.la-take{flex-wrap:wrap;margin:2px -10px 0}
.la-code{margin:6px 0 0;padding:10px;border-radius:7px;background:var(--la-map);box-shadow:inset 0 0 0 1px var(--la-border);font:400 12px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;user-select:text;-webkit-user-select:text}
.la-bars{display:grid;gap:4px}
.la-scale{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px;margin-top:8px;min-height:30px}
.la-scale-title{font-weight:600;font-size:13px}
.la-scale-ramp{flex:0 1 180px;min-width:80px;height:10px;border-radius:3px;box-shadow:inset 0 0 0 1px var(--la-border)}
.la-groups{display:grid;gap:8px;margin-top:8px}
.la-selected{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}
.la-group-pictures{display:flex;gap:12px}.la-figure{margin:0;display:grid;gap:4px;justify-items:center}
.la-group-facts{flex:1 1 260px;display:grid;gap:8px;min-width:0}
.la-shares{display:flex;height:12px;gap:1px;border-radius:4px;overflow:hidden}
.la-shares span{min-width:1px}
.la-groups .la-tools{flex-wrap:wrap;margin-left:-10px}
.la-between{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.la-between .la-select{width:auto;max-width:230px}.la-between .la-slider{flex:1 1 160px}
.la-overlay[data-drag=loop]{cursor:crosshair}
.la-strip{margin-top:8px}
.la-strip-head{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px}
.la-strip-list{display:flex;gap:8px;overflow-x:auto;padding:4px 3px 8px}
.la-strip-list .la-pin{font-weight:500;flex:none}
.la-strip-picture{width:56px;height:auto;border-radius:4px}
.la-rack{margin-top:12px;border-top:1px solid var(--la-border);padding-top:10px}
.la-rack>summary{font-weight:600;font-size:14px;cursor:pointer;width:fit-content;padding:4px 2px}
.la-rack-list{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:14px 24px;margin:10px 0}
.la-rack-row{display:grid;gap:2px;min-width:0}
.la-rack-row[data-dead] :is(.la-rack-name,.la-rack-value){color:var(--la-muted);font-weight:400}
.la-rack-head{display:flex;align-items:baseline;gap:10px}
.la-rack-name{font-weight:600;font-size:14px}.la-rack-value{margin-left:auto;font-size:14px}
.la-rack .la-slider{width:100%}
.la-rack-quantiles{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:3px;margin-top:2px;color:var(--la-muted);font:400 11px/1.2 var(--la-font);text-align:center}
.la-group-chip{display:inline-flex}.la-group-chip .la-chip{padding:0 8px}
.la-rack-film{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:3px}
.la-pixels[data-low]{outline:2px dashed var(--la-text);outline-offset:2px}

.la-legend{display:flex;flex-wrap:wrap;gap:4px;margin-top:8px;max-height:112px;overflow:auto;padding:2px}
.la-chip{display:inline-flex;align-items:center;gap:6px;height:30px;padding:0 10px 0 8px;border:0;border-radius:7px;background:transparent;color:var(--la-text);font:500 13px/1 var(--la-font);cursor:pointer;transition:background-color .12s}
.la-chip:hover{background:var(--la-soft)}
.la-chip[aria-pressed=false]{color:var(--la-muted);text-decoration:line-through}
.la-chip[aria-pressed=false] .la-swatch{opacity:.3}
.la-all{color:var(--la-accent-text);padding:0 10px}
.la-swatch{display:inline-block;width:14px;height:14px;flex:none}
.la-swatch svg{display:block;width:100%;height:100%}

.la-card{display:flex;flex-direction:column;gap:14px;min-width:0}
.la-root[data-wide] .la-card>.la-h:first-child{line-height:36px;margin-bottom:-6px}
.la-main{display:grid;gap:14px;grid-template-columns:minmax(0,1fr)}
.la-root:not([data-wide]) .la-main{grid-template-columns:auto minmax(0,1fr);gap:16px}
.la-frame{display:block;line-height:0}
.la-pixels{display:block;image-rendering:pixelated;background:#000}
.la-decoded{border-radius:6px}
.la-facts{display:grid;gap:8px;align-content:start;min-width:0}
.la-z{font-size:20px;line-height:1.25;font-weight:600;letter-spacing:-.01em;min-height:25px}
.la-details{font-size:13px}
.la-details summary{color:var(--la-accent-text);cursor:pointer;width:fit-content}
.la-z-list{display:grid;grid-template-columns:repeat(auto-fill,minmax(62px,1fr));gap:2px 10px;max-height:132px;overflow:auto;margin-top:6px;list-style:none;counter-reset:z}
.la-z-list li{counter-increment:z;text-align:right;white-space:nowrap}
.la-z-list li::before{content:"z" counter(z);float:left;color:var(--la-muted)}
.la-support{display:flex;align-items:center;gap:9px}
.la-dots{display:inline-flex;gap:4px}
.la-dots i{width:9px;height:9px;border-radius:50%;box-shadow:inset 0 0 0 1.5px var(--la-muted)}
.la-dots[data-level="1"] i:nth-child(-n+1),.la-dots[data-level="2"] i:nth-child(-n+2),.la-dots[data-level="3"] i{background:var(--la-text);box-shadow:none}
.la-nearest{display:flex;gap:12px;align-items:center;margin-top:4px}
.la-nearest-picture{border-radius:4px;flex:none;transition:opacity .1s}
.la-nearest-picture[data-stale],.la-nearest[data-empty] .la-nearest-picture{opacity:0}
.la-nearest>div{min-width:0}
.la-line{display:flex;align-items:center;gap:6px}
.la-nearest-class{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.la-truth{display:grid;gap:4px;padding-top:8px;border-top:1px solid var(--la-border)}
.la-truth-words{font-size:14px;font-weight:600;line-height:1.35}
.la-truth-key{display:flex;flex-wrap:wrap;gap:2px 12px}
.la-truth-key span{display:inline-flex;align-items:center;gap:6px}
.la-truth-key i{width:18px;border-top:2.25px solid var(--la-accent)}
.la-truth-key .la-truth-q{border-top:1.75px solid var(--la-text)}
.la-truth .la-chip{justify-self:start;margin-left:-10px}
.la-note{margin-top:2px}
.la-odds{display:grid;gap:6px}
.la-odds-list{display:grid;gap:5px}
.la-odds-bar{display:grid;grid-template-columns:minmax(56px,max-content) minmax(0,1fr) 4.2em;gap:8px;align-items:center;font-size:13px;line-height:1.2}
.la-odds-name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:110px}
.la-odds-value{text-align:right;color:var(--la-muted)}
.la-odds-track{position:relative;display:block;height:8px;border-radius:2px;overflow:hidden;background:var(--la-border)}
.la-odds-track i{position:absolute;inset:0;--la-share:0;transform:scaleX(var(--la-share));transform-origin:0 50%;will-change:transform;forced-color-adjust:none}
.la-odds-list[data-columns]{grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:4px}
[data-columns] .la-odds-bar{grid-template-columns:minmax(0,1fr);grid-template-rows:40px auto;gap:3px}
[data-columns] .la-odds-track{grid-row:1;height:100%}[data-columns] .la-odds-track i{transform:scaleY(var(--la-share));transform-origin:50% 100%}
[data-columns] .la-odds-name{grid-row:2;text-align:center}[data-columns] .la-odds-value{display:none}
.la-classes{margin-top:8px}
.la-root[data-bare] .la-classes{display:none}
.la-class canvas{outline:2px solid transparent;outline-offset:2px}
.la-class[data-current] canvas{outline-color:var(--la-accent-text)}.la-class[data-current] span{color:var(--la-accent-text)}

.la-player{display:grid;gap:8px;padding-top:14px;border-top:1px solid var(--la-border)}
.la-transport{display:flex;align-items:center;gap:10px;justify-content:space-between}
.la-play{background:var(--la-accent)!important;color:var(--la-on-accent)!important;min-width:36px;height:36px;border-radius:50%}
.la-slider{flex:1;min-width:0;height:24px;margin:0;accent-color:var(--la-accent);cursor:pointer}
.la-film{display:grid;grid-template-columns:repeat(11,minmax(0,1fr));gap:2px}
.la-film-cell{padding:0 0 3px;border:0;background:transparent;cursor:pointer;line-height:0;border-bottom:2px solid transparent}
.la-film-cell canvas{width:100%;height:auto;border-radius:2px}
.la-film-cell[data-current]{border-bottom-color:var(--la-accent)}
.la-beside{display:grid;gap:8px;justify-items:start}
.la-beside canvas{border-radius:4px}
.la-path-strips{display:grid;gap:7px}.la-left>.la-path-strips{padding-left:33px;margin-top:10px}
.la-path-strip-head{display:flex;justify-content:space-between;gap:8px;font-size:12px;line-height:1.35;color:var(--la-muted)}
.la-path-strip-field{position:relative;height:22px;cursor:ew-resize;touch-action:none;color:var(--la-muted);border-radius:2px;background:var(--la-soft);overflow:hidden}
.la-path-strip-area{display:block;width:100%;height:100%;opacity:.85}
.la-path-strip-field i{position:absolute;top:0;bottom:0;width:2px;margin-left:-1px;background:var(--la-text);box-shadow:0 0 0 1px var(--la-background);pointer-events:none}
.la-wander{justify-self:start;align-self:start;margin-left:-10px}.la-root[data-column] .la-wander{display:none}

.la-pins{display:grid;gap:6px;padding-top:14px;border-top:1px solid var(--la-border)}
.la-pin-list{display:flex;flex-wrap:wrap;gap:8px;max-height:176px;overflow:auto;padding:3px}
.la-pin{display:grid;justify-items:center;gap:3px;padding:0;border:0;background:transparent;color:var(--la-text);font:600 13px/1.2 var(--la-font);cursor:pointer}
.la-pin canvas{border-radius:4px}
.la-pin:hover span{color:var(--la-accent-text)}

.la-pin-list:empty{display:none}
.la-row{display:flex;flex-wrap:wrap;align-items:center;gap:8px 14px}
.la-shelf{grid-column:1/-1;display:grid;gap:12px;margin-top:4px;padding-top:14px;border-top:1px solid var(--la-border);outline:none}
.la-shelf-head{display:flex;align-items:center;justify-content:space-between;min-height:32px}
.la-shelf-title{font:600 15px/1.4 var(--la-font)}
.la-shelf .la-tool:disabled{opacity:.4;cursor:default;background:transparent}
.la-root ul.la-tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(124px,1fr));gap:16px 22px;margin:0;padding:0;list-style:none}
.la-tile{display:grid;gap:3px;align-content:start;justify-items:start;min-width:0}
.la-tile-go{padding:0;border:0;border-radius:5px;background:transparent;cursor:pointer;line-height:0}
.la-tile-go canvas{border-radius:5px}
.la-tile-head{display:flex;align-items:center;gap:4px;width:100%;max-width:140px;font-size:15px}
.la-name{flex:1;min-width:0;height:28px;padding:0 5px;border:1px solid transparent;border-radius:6px;background:transparent;color:var(--la-text);font:400 13px/1 var(--la-font)}
.la-name::placeholder{color:var(--la-muted)}
.la-name:hover,.la-name:focus{border-color:var(--la-border);background:var(--la-map)}
.la-drop{min-width:28px;height:28px;padding:0 4px}.la-drop .la-icon{width:14px;height:14px}
.la-shelf-box{display:grid;gap:10px}
.la-field{display:inline-flex;align-items:center;gap:8px;font-size:13px;color:var(--la-muted)}
.la-field .la-select{width:auto;min-width:64px;max-width:200px;margin:0}
.la-check{display:inline-flex;align-items:center;gap:7px;font-size:13px;cursor:pointer}.la-check input{margin:0;accent-color:var(--la-accent)}
.la-root fieldset.la-segmented{display:inline-flex;flex-wrap:wrap;gap:2px;margin:0;padding:3px;border:0;border-radius:9px;background:var(--la-soft)}
.la-segment{position:relative;display:block;cursor:pointer}
.la-radio{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.la-segment span{display:block;padding:0 11px;border-radius:7px;color:var(--la-muted);font-size:13px;font-weight:500;line-height:28px}
.la-radio:checked+span{background:var(--la-background);color:var(--la-text);font-weight:600;box-shadow:0 0 0 1px var(--la-border)}
.la-radio:focus-visible+span{outline:2px solid var(--la-accent-text);outline-offset:1px}
.la-row .la-button{display:inline-flex;align-items:center;gap:8px}.la-button .la-icon{width:15px;height:15px}
.la-apart{display:flex;align-items:center;gap:10px}.la-apart canvas{border-radius:4px}
.la-slice{display:grid;gap:8px}.la-slice .la-button{justify-self:start}
.la-hint[data-said]{white-space:normal;width:max-content;border-radius:10px}
.la-between-box{display:grid;gap:8px}.la-group-name{width:170px;margin:0 6px 0 10px}
.la-analogies{display:flex;flex-wrap:wrap;gap:10px}

.la-root:not([data-narrow]) :is(.la-legend,.la-bars,.la-classes){padding-left:33px}
.la-root[data-narrow] .la-toolbar{justify-content:space-between}
.la-root[data-narrow] .la-heading{flex-basis:100%}
.la-root[data-narrow] .la-tools{gap:0;margin-left:-8px}
.la-root[data-compact] .la-tool-label{display:none}
.la-root[data-narrow] .la-tool{min-width:36px;height:36px}
.la-root[data-narrow] .la-chip{height:36px}
.la-root[data-narrow] .la-z{font-size:20px}
.la-root[data-column] .la-body{gap:6px}
.la-root[data-column] :is([data-testid=trust],.la-note,.la-details){display:none}
${EASEL_STYLE}@media (prefers-reduced-motion:reduce){.la-root *{transition:none!important}}
@media (forced-colors:active){.la-tool[aria-pressed=true],.la-chip[aria-pressed=true]{outline:1px solid}}
`;
