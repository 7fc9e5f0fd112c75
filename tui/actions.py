"""The one registry of what a person can do with a key: id, keys, words, where it works. Footer, help and the key
table of the manual are made from it; `tui/app.py` finds the method of an action by its id. It holds no behaviour."""

from __future__ import annotations

import msgspec

PANES = ("quotes", "book", "positions", "orders", "pnl", "strategies", "log")
SCREENS = (
    ("1", "trade"),
    ("2", "positions"),
    ("3", "orders"),
    ("4", "ladder"),
    ("5", "chart"),
    ("6", "strategies"),
    ("7", "rebalance"),
    ("8", "log"),
    ("9", "system"),
    ("0", "backtest"),
)
"""(digit, name) of every screen there will be."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is `room.method`. `context`: `always` (in inputs and dialogs too), `rest` (no form open) or a form's name.

    `panes` narrows a resting action to some panes. `short` is the word of the footer; actions without one are only
    in the help. `argument` is handed to the method, so that ten digits need no ten methods."""

    id: str
    keys: tuple[str, ...]
    help: str
    short: str = ""
    context: str = "rest"
    panes: tuple[str, ...] = PANES
    group: str = "Work"
    argument: str = ""


def _move(id: str, keys: tuple[str, ...], help: str, short: str = "") -> Action:
    return Action(id=f"move.{id}", keys=keys, help=help, short=short, group="Move")


def _trade(id: str, keys: tuple[str, ...], help: str, short: str = "", argument: str = "") -> Action:
    return Action(id=f"trade.{id}", keys=keys, help=help, short=short, group="Trade", argument=argument)


def _work(id: str, keys: tuple[str, ...], help: str, short: str = "") -> Action:
    return Action(id=f"work.{id}", keys=keys, help=help, short=short)


def _form(context: str, keys: tuple[str, ...], help: str, short: str = "") -> Action:
    """A key that the form itself reads; listed here so that footer and help can show it."""
    return Action(id=f"{context}.{keys[0]}", keys=keys, help=help, short=short, context=context, group=context)


ACTIONS: tuple[Action, ...] = (
    Action(
        id="trade.panic",
        keys=("ctrl+x",),
        help="Panic menu, from anywhere: Enter or Ctrl+X again stops automatic orders, lets only reducing orders "
        "pass and cancels entry orders; protective stops stay",
        context="always",
        group="Trade",
    ),
    Action(id="work.quit", keys=("ctrl+q",), help="Leave the console; also :q", context="always"),
    Action(id="work.redraw", keys=("ctrl+l",), help="Draw the whole screen again", context="always"),
    # trade
    _trade("buy", ("b",), "Buy ticket for the selected symbol, limit at the bid", "buy"),
    _trade("sell", ("s",), "Sell ticket for the selected symbol, limit at the ask", "sell"),
    _trade("buy_across", ("B",), "Buy ticket at the ask (a marketable limit)"),
    _trade("sell_across", ("S",), "Sell ticket at the bid (a marketable limit)"),
    _trade("close", ("x",), "Close the position of the selected symbol: reduce-only, size read when sent", "close"),
    _trade("close_half", ("X",), "Close half of that position"),
    _trade("modify", ("m",), "Modify the selected order", "modify"),
    _trade("nudge", ("K",), "Raise its price by one tick (staged; Enter commits)", argument="1"),
    _trade("nudge", ("J",), "Lower its price by one tick (staged; Enter commits)", argument="-1"),
    _trade("cancel", ("c",), "Cancel the selected order (Enter confirms)", "cancel"),
    _trade("cancel_symbol", ("C",), "Cancel all orders of the selected symbol (Enter confirms)"),
    _trade("undo", ("u",), "Cancel the order sent last, if it is still open (Enter confirms)", "undo"),
    _trade("panic", ("!", "exclamation_mark"), "Panic menu", "panic"),
    # move
    _move("down", ("j", "down"), "Next row"),
    _move("up", ("k", "up"), "Previous row"),
    _move("left", ("h", "left"), "Pane to the left"),
    _move("right", ("l", "right"), "Pane to the right"),
    _move("first", ("home",), "First row"),
    _move("last", ("G", "end"), "Last row"),
    _move("half_down", ("ctrl+d", "pagedown"), "Half a page down"),
    _move("half_up", ("ctrl+u", "pageup"), "Half a page up"),
    _move("next_pane", ("tab",), "Next pane", "pane"),
    _move("previous_pane", ("shift+tab",), "Previous pane"),
    *(
        Action(id="move.screen", keys=(digit,), help=f"Screen {digit}: {name}", group="Screens", argument=name)
        for digit, name in SCREENS
    ),
    _move("zoom", ("z",), "Zoom the focused pane, again to restore", "zoom"),
    # work
    _work("find", ("/", "slash"), "Find a symbol by code or name", "find"),
    _work("find_next", ("n",), "Next match"),
    _work("find_previous", ("N",), "Previous match"),
    _work("command", (":", "colon"), "Command line: orders and commands", "command"),
    _work("strategy", ("t",), "Start, pause or stop a strategy", "strategy"),
    _work("details", ("enter",), "The whole text of the selected row: an order's reason, a log line, a strategy's why"),
    _work("help", ("?", "question_mark"), "What the keys do here", "help"),
    _work("back", ("escape",), "Back one step; clears the message"),
    # forms: their own small tables, read by the forms themselves
    _form("ticket", ("enter",), "Send the order (PAPER) or review it (LIVE)", "send"),
    _form("ticket", ("up", "down"), "Price by one tick", "price"),
    _form("ticket", ("pageup", "pagedown"), "Price by ten ticks"),
    _form("ticket", ("left", "right"), "Quantity by one lot, or the choice of the field", "quantity"),
    _form("ticket", ("shift+left", "shift+right"), "Quantity by ten lots"),
    _form("ticket", ("plus", "minus"), "Quantity preset up or down", "preset"),
    _form("ticket", ("tab", "shift+tab"), "Next, previous field", "field"),
    _form("ticket", ("t",), "Order type", "type"),
    _form("ticket", ("T",), "Time in force", "TIF"),
    _form("ticket", ("=",), "Price = last price"),
    _form("ticket", ("escape",), "Drop the ticket", "drop"),
    _form("confirm", ("enter",), "Do it", "do it"),
    _form("confirm", ("escape",), "Leave it", "back"),
    _form("review", ("y",), "Send the order with real money", "send"),
    _form("review", ("escape",), "Back to the ticket", "back"),
    _form("panic", ("enter", "ctrl+x"), "Pause automatic orders, reduce only, cancel entry orders", "stop entries"),
    _form("panic", ("f",), "Flatten: also close every position (type FLATTEN, then Enter)", "flatten"),
    _form("panic", ("h",), "Halt: nothing but cancels (Enter confirms)", "halt"),
    _form("panic", ("escape",), "Leave it", "back"),
    _form("strategy", ("s",), "Start", "start"),
    _form("strategy", ("p",), "Pause", "pause"),
    _form("strategy", ("x",), "Stop", "stop"),
    _form("strategy", ("enter",), "Do it", "do it"),
    _form("strategy", ("escape",), "Leave it", "back"),
    _form("command", ("enter",), "Send the order or run the command", "run"),
    _form("command", ("tab",), "Take the price that fits the tick", "take price"),
    _form("command", ("up", "down"), "Earlier and later lines", "history"),
    _form("command", ("escape",), "Drop the line", "drop"),
    _form("find", ("enter",), "Go to the match", "go"),
    _form("find", ("escape",), "Back to where you were", "back"),
    _form("help", ("escape", "q", "?"), "Close the help", "close"),
)

FORBIDDEN = frozenset(
    (
        *("ctrl+s", "ctrl+z", "ctrl+c", "ctrl+b", "ctrl+a", "ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j"),
        *("ctrl+left_square_bracket", "alt+b", "alt+f", "f1", "f10", "f11", "f12"),
    )
)
"""Keys that terminals, shells, multiplexers or desktops keep for themselves, or that are another key's bytes."""

_LABELS = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "shift+left": "Shift+Left",
    "shift+right": "Shift+Right",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "exclamation_mark": "!",
}


def key_label(key: str) -> str:
    """The key as people write it: `ctrl+x` is `^X`."""
    if key.startswith("ctrl+"):
        return "^" + key[5:].upper()
    return _LABELS.get(key, key)


def key_labels(action: Action) -> tuple[str, ...]:
    """Every key of an action, as people write them, without twins."""
    return tuple(dict.fromkeys(key_label(key) for key in action.keys))


def _index() -> dict[tuple[str, str], Action]:
    found: dict[tuple[str, str], Action] = {}
    for action in ACTIONS:
        for key in action.keys:
            for place in action.panes if action.context == "rest" else (action.context,):
                if (place, key) in found:
                    raise ValueError(f"{key} is bound twice in {place}: {found[place, key].id} and {action.id}")
                found[place, key] = action
    return found


_BY_KEY = _index()


def action_for(place: str, key: str) -> Action | None:
    """The action of `key` in a pane or form; keys that work everywhere come first."""
    return _BY_KEY.get(("always", key)) or _BY_KEY.get((place, key))


def actions_in(place: str) -> tuple[Action, ...]:
    """What works in a pane or a form, in the registry's order."""
    if place in PANES:
        return tuple(a for a in ACTIONS if a.context == "always" or (a.context == "rest" and place in a.panes))
    return tuple(a for a in ACTIONS if a.context in ("always", place))
