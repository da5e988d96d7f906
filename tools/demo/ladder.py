# SPDX-License-Identifier: GPL-2.0-or-later
"""Ladders of a call, Q.931 and SIP side by side, from the gateway's trace."""
import html
import time


def is_signalling(event):
    """Not layer 2's own frames (RR, SABME, ...)."""
    if event["kind"] == "sip":
        return True
    return event["kind"] == "frame" and " cref " in event["text"]


def clock(t_us):
    return time.strftime("%H:%M:%S", time.localtime(t_us / 1e6)) \
        + f".{t_us // 1000 % 1000:03d}"


def label(event, width):
    text = event["text"]
    return text if len(text) <= width else text[:width - 1] + "…"


def text(events, left="exchange", right="phone"):
    """Lines with arrows: exchange | gateway | phone."""
    w = 46
    out = [f"{'':12}  {left:<{w}}gateway{right:>{w}}"]
    for e in filter(is_signalling, events):
        frame = e["kind"] == "frame"
        to_left = frame == e["sent"]  # frame sent, or SIP received
        name = label(e, w - 8)
        bar = (" " + name + " ").center(w - 3, "-")
        arrow = ("<" + bar) if to_left else (bar + ">")
        row = f"|{arrow}|" if frame else f"|{'':{w - 2}}|{arrow}|"
        out.append(f"{clock(e['t_us'])}  {row}")
    return "\n".join(out)


def svg(events, title, left="exchange", right="phone"):
    events = [e for e in events if is_signalling(e)]
    x = (120, 480, 840)
    step, top = 34, 70
    height = top + step * (len(events) + 1)
    start = events[0]["t_us"] if events else 0
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="960" '
           f'height="{height}" font-family="sans-serif" font-size="12">',
           '<defs><marker id="a" markerWidth="9" markerHeight="7" refX="9" '
           'refY="3.5" orient="auto"><path d="M0 0L9 3.5L0 7z"/></marker>'
           '</defs><rect width="100%" height="100%" fill="white"/>',
           f'<text x="480" y="20" text-anchor="middle" font-size="15">'
           f'{html.escape(title)}</text>']
    for pos, name in zip(x, (left, "gateway", right)):
        out.append(f'<text x="{pos}" y="45" text-anchor="middle">'
                   f'{html.escape(name)}</text><line x1="{pos}" y1="52" '
                   f'x2="{pos}" y2="{height - 8}" stroke="#999"/>')
    for i, e in enumerate(events):
        y = top + step * i + 12
        frame = e["kind"] == "frame"
        a, b = (x[0], x[1]) if frame else (x[1], x[2])
        if frame == e["sent"]:
            a, b = b, a
        colour = "#1b5e9e" if frame else "#8a4b00"
        out.append(f'<text x="{(a + b) / 2}" y="{y - 5}" '
                   f'text-anchor="middle" fill="{colour}">'
                   f'{html.escape(label(e, 56))}</text>'
                   f'<line x1="{a}" y1="{y}" x2="{b}" y2="{y}" '
                   f'stroke="{colour}" marker-end="url(#a)"/>'
                   f'<text x="8" y="{y + 4}" fill="#555">'
                   f'+{(e["t_us"] - start) / 1000:.0f} ms</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
