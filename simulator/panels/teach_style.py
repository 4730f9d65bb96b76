"""How the page for the projector looks: large type, and numbers that can be read from the last row."""

STYLE = """
.pending, .disclaimer { padding: .1rem .6rem !important; font-size: .9rem; }
.screen p { max-width: 46ch; margin: 0 0 .7rem; font-size: clamp(1.25rem, 1rem + 1.5vw, 2.1rem); line-height: 1.45; }
.screen[lang="km"] p { line-height: 1.75; }
.screen .question { font-weight: 700; color: #0b5d7a; }
.screen .result { max-width: 60ch; font-weight: 700; }
.screen .spread { max-width: 70ch; font-size: clamp(1.05rem, .9rem + .8vw, 1.45rem); }
.screen-head { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; justify-content: space-between; }
.screen-head h2 { font-size: clamp(1.4rem, 1.1rem + 1.6vw, 2.3rem) !important; }
.screen-head span { color: #525b66; white-space: nowrap; }
.lesson h3 { margin: 0; padding: 0; font-size: 1.3rem; line-height: 1.5; }
.lesson p { margin: .3rem 0 0; }
.notes p { max-width: 68ch; margin: .3rem 0; }
.predictions { display: flex; flex-wrap: wrap; gap: .4rem .8rem; margin: 0 0 .8rem !important; padding: 0 !important; list-style: none; }
.predictions li { margin: 0; padding: .3rem .8rem; border: 2px solid #8a949e; border-radius: 6px; font-size: 1.15rem; }
.predictions .right, .predictions .nearest { border-color: #00806a; background: #e0f2ea; }
.predictions .wrong { border-style: dashed; }
.predictions em { font-style: normal; color: #3d4752; }
.numbers table { font-size: 1.1rem; }
.stApp button p { font-size: 1.05rem; }
.stApp [data-testid="stMain"] button { min-height: 2.9rem; }
.life dt { margin: .5rem 0 .1rem; }
.life dd { margin: 0; max-width: none; }
.life .strip, .years { display: flex; max-width: 60rem; }
.life .strip span { flex: 1; height: 1.7rem; border-right: 1px solid #fff; }
.life .years { justify-content: space-between; color: #525b66; }
.life .key { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0 !important; list-style: none; }
.life .key li { display: flex; gap: .4rem; align-items: center; margin: 0; }
.life .sign { width: 1rem; height: 1rem; border: 1px solid #8a949e; }
"""
