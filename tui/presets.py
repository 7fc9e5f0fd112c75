"""Ready-made sets of keys: what each changes in the registry. Nothing here sends; an F-key of a Korean HTS opens the
same ticket as the letter does."""

from __future__ import annotations

import msgspec


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """`more` adds keys to an action, `instead` replaces them. `text` is its line in the manual."""

    text: str
    more: dict[str, tuple[str, ...]] = {}
    instead: dict[str, tuple[str, ...]] = {}


PRESETS: dict[str, Preset] = {
    "hoga": Preset(text="the keys of this page"),
    "vim": Preset(
        text="hoga's keys, and vim's for windows",
        more={
            "move.next_pane": ("ctrl+w w", "ctrl+w j"),
            "move.previous_pane": ("ctrl+w W", "ctrl+w k"),
            "move.left": ("ctrl+w h",),
            "move.right": ("ctrl+w l",),
            "move.zoom": ("ctrl+w o",),
            "move.half_down": ("ctrl+f",),
        },
    ),
    "hts": Preset(
        text="hoga's keys, and the F-keys of a Korean HTS: F2 매수, F4 매도, F3 정정/취소, F8 잔고",
        more={
            "trade.buy": ("f2",),
            "trade.sell": ("f4",),
            "trade.modify": ("f3",),
            "trade.cancel": ("delete",),
            "move.go_positions": ("f8",),
        },
    ),
    "plain": Preset(
        text="no letters for moving: arrows, Home, End, PgUp, PgDn; Del cancels, ^F finds, F3 finds the next",
        instead={
            "move.down": ("down",),
            "move.up": ("up",),
            "move.left": ("left",),
            "move.right": ("right",),
            "move.first": ("home",),
            "move.last": ("end",),
            "move.half_down": ("pagedown",),
            "move.half_up": ("pageup",),
        },
        more={
            "trade.cancel": ("delete",),
            "lists.find": ("ctrl+f",),
            "lists.find_next": ("f3",),
        },
    ),
}
