// What Python and the front end must agree on. `front_end.py` reads the braces as JSON, so they are written as JSON.
//
//   format     version of the stored form; another one is refused with a sentence
//   families   the module of each kind of widget; it imports whatever else it needs
//   styles     the style sheets, one beside a module of the same name
//   packed     the lists of a state whose parts are shared when a graph is packed
//   rights     what the letters of the ownership table mean
//   mostBoxes  a map with more boxes shows only those near the way
//   mostText   the most characters of a trace or a link that are read

// prettier-ignore
export const CONSTANTS = {
  "format": 3,
  "families": {
    "bench": "bench.js", "beside": "beside.js", "el2time": "el2time.js", "exercise": "exercise.js",
    "finder": "finder.js", "map": "map.js", "prediction": "quiz.js", "progress": "progress.js", "quiz": "quiz.js",
    "sequence": "sequence.js"
  },
  "styles": ["bench", "beside", "el2time", "exercise", "finder", "frame", "map", "progress", "quiz", "sequence",
             "walker", "widget"],
  "packed": ["lanes", "slots", "vms", "pages", "cells", "next"],
  "rights": {"O": "owned", "S": "shared-owned", "B": "shared-borrowed", "-": "no access", "X": "poison"},
  "mostBoxes": 60,
  "mostText": 1000000
};
