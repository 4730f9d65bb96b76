"""What ``garment-sim app`` serves: the app, with headers that keep it to itself, compressed, and a page of health."""

import gc
import sys
from threading import Thread

import streamlit as st

from simulator.panels.serving import MIDDLEWARE, ROUTES

sys.setswitchinterval(5e-4)  # seconds: the loop that sends pages gets its turn soon after a thread that draws one
app = st.App("app.py", routes=ROUTES, middleware=MIDDLEWARE)


def _warm() -> None:
    from simulator.panels.futures import warm  # takes seconds, in which the server answers already

    warm()
    gc.collect()
    gc.freeze()  # what is loaded by now stays: no later look for garbage goes through it


Thread(target=_warm, daemon=True).start()
