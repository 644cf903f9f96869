/** Three tones of one hue: `deep` for shade, `main` for the body, `light` for what catches the light. */
export type Tones = { deep: string; main: string; light: string };

const path = (d: string, fill: string) => `<path d="${d}" fill="${fill}"/>`;
const line = (d: string, stroke: string, width = 8) =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const oval = (cx: number, cy: number, rx: number, ry: number, fill: string) =>
  `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${fill}"/>`;
const box = (x: number, y: number, width: number, height: number, rx: number, fill: string) =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${rx}" fill="${fill}"/>`;

/** Drawings on a canvas of 400 by 400, standing on a ground at about y = 310. */
export const MOTIFS = {
  tent: ({ deep, main, light }) =>
    path("M60 308 200 112 340 308Z", main) +
    path("M200 112 340 308H258Z", deep) +
    path("M200 168 152 308H248Z", light) +
    line("M200 168V308", deep, 5) +
    line("M200 112 190 92M200 112 212 94", deep, 6),
  backpack: ({ deep, main, light }) =>
    line("M164 120Q164 84 200 84T236 120", deep, 12) +
    box(122, 110, 156, 200, 46, main) +
    path("M122 178V156Q122 110 168 110H232Q278 110 278 156V178Q200 214 122 178Z", deep) +
    box(150, 224, 100, 66, 14, light) +
    line("M150 246H250", deep, 5) +
    box(188, 186, 24, 26, 6, light) +
    box(104, 206, 22, 76, 10, deep) +
    box(274, 206, 22, 76, 10, deep),
  bottle: ({ deep, main, light }) =>
    box(176, 84, 48, 40, 10, deep) +
    path(
      "M172 124H228Q254 148 254 184V282Q254 310 226 310H174Q146 310 146 282V184Q146 148 172 124Z",
      main,
    ) +
    path("M146 206H254V258H146Z", deep) +
    box(162, 150, 14, 136, 7, light) +
    line("M200 84V70H222", deep, 8),
  lantern: ({ deep, main, light }) =>
    line("M152 136Q200 40 248 136", deep, 8) +
    box(158, 124, 84, 22, 8, deep) +
    path("M150 146H250L268 272H132Z", main) +
    oval(200, 216, 40, 46, light) +
    path("M200 176Q228 212 200 244 172 212 200 176Z", "#ffd27a") +
    box(122, 270, 156, 38, 12, deep),
  boot: ({ deep, main, light }) =>
    path("M134 92H222V202Q228 228 272 238 308 246 308 284H134Z", main) +
    box(126, 280, 188, 28, 12, deep) +
    box(126, 84, 104, 28, 14, light) +
    line("M186 142 226 136M186 168 228 162M188 194 232 186", light, 7) +
    path("M134 228H176V284H134Z", deep),
  jacket: ({ deep, main, light }) =>
    path("M150 98 92 140 74 280H116L128 206V308H272V206L284 280H326L308 140 250 98Z", main) +
    path("M150 98H250L226 134H174Z", deep) +
    line("M200 134V308", deep, 6) +
    box(146, 240, 38, 10, 5, deep) +
    box(216, 240, 38, 10, 5, deep) +
    path("M74 280 77 258H119L116 280ZM326 280 323 258H281L284 280Z", light),
  tee: ({ deep, main, light }) =>
    path(
      "M148 104 70 150 98 210 130 194V308H270V194L302 210 330 150 252 104Q200 140 148 104Z",
      main,
    ) +
    path("M148 104Q200 140 252 104L262 110Q200 158 138 110Z", deep) +
    line("M150 210H250M150 232H250M150 254H250", light, 8),
  knit: ({ deep, main, light }) =>
    path("M150 104 88 136 66 284H112L130 210V292H270V210L288 284H334L312 136 250 104Z", main) +
    box(130, 284, 140, 26, 8, deep) +
    path("M150 104Q200 136 250 104L250 92H150Z", deep) +
    line("M140 190 160 170 180 190 200 170 220 190 240 170 260 190", light, 8) +
    line("M140 222 160 202 180 222 200 202 220 222 240 202 260 222", light, 8),
  beanie: ({ deep, main, light }) =>
    oval(200, 112, 32, 30, light) +
    path("M104 256Q100 122 200 122T296 256Z", main) +
    line("M150 246Q150 164 178 136M200 246V134M250 246Q250 164 222 136", deep, 6) +
    box(90, 244, 220, 62, 24, deep) +
    line("M122 262V288M152 262V288M182 262V288M212 262V288M242 262V288M274 262V288", light, 6),
  scarf: ({ deep, main, light }) =>
    path("M118 130Q200 84 282 130L270 178Q200 140 130 178Z", deep) +
    path("M150 150 206 168 190 310H126Z", main) +
    path("M214 160 262 150 286 290H226Z", main) +
    path("M140 212 200 222 197 246 136 236ZM222 214 272 206 276 230 224 238Z", light) +
    line("M134 310V322M152 310V322M170 310V322M236 290V304M254 290V304M272 290V304", deep, 6),
  tote: ({ deep, main, light }) =>
    line("M156 158V128Q156 84 200 84T244 128V158", deep, 12) +
    path("M108 152H292L308 310H92Z", main) +
    path("M92 310 96 270H304L308 310Z", deep) +
    oval(200, 216, 34, 34, light) +
    path("M200 190 222 236H178Z", main),
  mug: ({ deep, main, light }) =>
    line("M272 176Q332 172 326 222T262 270", deep, 20) +
    path("M108 140H276V252Q276 308 222 308H162Q108 308 108 252Z", main) +
    oval(192, 140, 84, 20, deep) +
    oval(192, 142, 68, 13, "#5a3c28") +
    line("M132 186V248", light, 12) +
    line("M164 108Q152 92 166 78M212 108Q200 92 214 78", light, 7),
  bowl: ({ deep, main, light }) =>
    oval(200, 182, 124, 28, deep) +
    path("M76 182Q84 298 168 304H232Q316 298 324 182Q200 232 76 182Z", main) +
    line("M98 226Q200 272 302 226", light, 8) +
    box(156, 298, 88, 14, 6, deep),
  pan: ({ deep, main, light }) =>
    line("M262 236 346 160", deep, 22) +
    oval(172, 246, 118, 62, deep) +
    oval(172, 238, 118, 60, main) +
    oval(172, 238, 92, 44, light) +
    oval(346, 160, 8, 8, light),
  kettle: ({ deep, main, light }) =>
    line("M136 158Q138 76 200 76T264 158", deep, 12) +
    path("M250 204 320 160 336 178 264 260Z", deep) +
    path("M120 308Q92 232 142 168H258Q308 232 280 308Z", main) +
    box(148, 150, 104, 22, 10, deep) +
    oval(200, 144, 14, 12, light) +
    line("M140 214Q124 254 138 288", light, 10),
  board: ({ deep, main, light }) =>
    box(92, 136, 180, 172, 22, main) +
    box(262, 200, 72, 44, 20, main) +
    oval(310, 222, 10, 10, deep) +
    line("M114 172H250M114 206H236M114 240H250M114 274H228", deep, 4) +
    path("M150 110 278 96 286 118 158 142Z", light) +
    line("M286 108 334 100", deep, 14),
  candle: ({ deep, main, light }) =>
    path("M200 74Q232 120 200 146 168 120 200 74Z", "#ffc861") +
    line("M200 146V172", "#44382f", 5) +
    box(138, 168, 124, 142, 20, main) +
    oval(200, 174, 62, 14, light) +
    box(156, 218, 88, 56, 8, light) +
    line("M174 238H226M182 254H218", deep, 5),
  lamp: ({ deep, main, light }) =>
    path("M150 92H250L292 204H108Z", main) +
    path("M200 92H250L292 204H200Z", deep) +
    oval(200, 206, 92, 14, light) +
    line("M200 212V290", deep, 12) +
    oval(200, 298, 62, 14, deep),
  plant: ({ deep, main, light }) =>
    path("M200 222Q120 200 116 108 196 122 200 222Z", "#5f9a6a") +
    path("M200 222Q280 192 292 112 210 124 200 222Z", "#4b8157") +
    path("M200 226Q170 150 202 76 234 150 200 226Z", "#79b37f") +
    path("M130 218H270L252 310H148Z", main) +
    box(120, 206, 160, 32, 10, deep) +
    line("M164 260H236", light, 8),
  blanket: ({ deep, main, light }) =>
    box(88, 238, 224, 70, 24, deep) +
    box(96, 190, 208, 66, 24, main) +
    box(104, 144, 192, 62, 24, light) +
    line("M130 166H270M124 214H276M122 264H278", deep, 5) +
    line("M150 144V206M250 144V206", main, 8),
  cushion: ({ deep, main, light }) =>
    path("M102 124Q200 150 298 124 276 214 298 300 200 278 102 300 124 214 102 124Z", main) +
    path("M200 152 256 212 200 270 144 212Z", light) +
    path("M200 182 228 212 200 242 172 212Z", deep),
  chair: ({ deep, main, light }) =>
    line("M134 100 126 226M266 100 274 226", deep, 12) +
    box(128, 96, 144, 34, 14, main) +
    box(134, 146, 132, 26, 12, main) +
    path("M108 214H292L300 246H100Z", light) +
    line("M120 246 104 310M280 246 296 310M162 246V300M238 246V300", deep, 12),
  clock: ({ deep, main, light }) =>
    oval(200, 200, 108, 108, deep) +
    oval(200, 200, 92, 92, main) +
    oval(200, 200, 76, 76, light) +
    line("M200 200V146M200 200 240 222", deep, 9) +
    line("M200 132V138M200 262V268M132 200H138M262 200H268", deep, 7),
  book: ({ deep, main, light }) =>
    path("M96 118H280Q304 118 304 142V308H120Q96 308 96 284Z", main) +
    path("M96 284Q96 268 120 268H304V308H120Q96 308 96 284Z", light) +
    box(120, 118, 14, 150, 0, deep) +
    box(164, 158, 104, 56, 8, light) +
    line("M182 178H250M182 196H230", deep, 5) +
    path("M244 268H266V324L255 314 244 324Z", deep),
  soap: ({ deep, main, light }) =>
    oval(200, 276, 130, 34, deep) +
    box(104, 192, 192, 84, 36, main) +
    box(126, 206, 120, 16, 8, light) +
    oval(252, 158, 22, 22, light) +
    oval(286, 124, 14, 14, light) +
    oval(232, 116, 10, 10, main),
} satisfies Record<string, (tones: Tones) => string>;

export type Motif = keyof typeof MOTIFS;
