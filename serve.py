"""What ``garment-sim app`` serves: the app, with headers that keep it to itself, compressed, and a page of health."""

import streamlit as st

from simulator.panels.serving import MIDDLEWARE, ROUTES

app = st.App("app.py", routes=ROUTES, middleware=MIDDLEWARE)
