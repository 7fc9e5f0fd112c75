"""The one registry of what a person can do with a key: id, keys, words, where it works. Footer, help and the key
table of the manual are made from it, `tui/keymap.py` puts the user's own keys in. It holds no behaviour."""

from __future__ import annotations

from typing import Any

import msgspec

PANES = (
    *("quotes", "chart", "book", "tape", "market", "positions", "orders", "pnl"),
    *("strategies", "why", "signals", "log", "system", "recon", "risk"),
)
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
    """`id` is `room.name`, and unique: people bind keys to it. `context`: `always` (in inputs and dialogs too), `rest`
    (no form open) or a form's name.

    A key is a character (`b`, `G`, `!`), a name of Textual's (`tab`, `ctrl+d`) or two of them with a space between
    (`g g`). `panes` narrows a resting action to some panes, where its keys win over those that rest everywhere.
    `short` is the word of the footer; actions without one are only in the help. `method` is the room's method where
    that is not the name, and `argument` is handed to it, so that ten digits need no ten methods. `applies` names a
    test of `tui/acts/applies.py`: the footer leaves the action out while it fails. `sends` marks what may reach a
    broker by the key alone: never a printable key."""

    id: str
    keys: tuple[str, ...]
    help: str
    short: str = ""
    context: str = "rest"
    panes: tuple[str, ...] = ()
    group: str = "Work"
    method: str = ""
    argument: str = ""
    applies: str = ""
    sends: bool = False

    @property
    def room(self) -> str:
        return self.id.partition(".")[0]

    @property
    def call(self) -> str:
        """Name of the room's method."""
        return self.method or self.id.partition(".")[2]


def _move(id: str, keys: tuple[str, ...], help: str, short: str = "", **more: Any) -> Action:
    return Action(id=f"move.{id}", keys=keys, help=help, short=short, group="Move", **more)


def _trade(id: str, keys: tuple[str, ...], help: str, short: str = "", **more: Any) -> Action:
    return Action(id=f"trade.{id}", keys=keys, help=help, short=short, group="Trade", **more)


def _work(id: str, keys: tuple[str, ...], help: str, short: str = "", **more: Any) -> Action:
    return Action(id=f"work.{id}", keys=keys, help=help, short=short, **more)


def _rows(id: str, keys: tuple[str, ...], help: str, short: str = "", **more: Any) -> Action:
    return Action(id=f"rows.{id}", keys=keys, help=help, short=short, group="Rows", **more)


def _ladder(id: str, keys: tuple[str, ...], help: str, short: str = "", **more: Any) -> Action:
    return Action(id=f"ladder.{id}", keys=keys, help=help, short=short, group="Ladder", panes=("book",), **more)


def _list(id: str, keys: tuple[str, ...], help: str, short: str = "", **more: Any) -> Action:
    return Action(id=f"lists.{id}", keys=keys, help=help, short=short, group="Lists", **more)


def _go(letter: str, place: str, word: str) -> Action:
    """`g`, then a letter: a pane or a screen. `word` is its name on the screen."""
    help = f"Go to {'the ' if place in PANES else ''}{word.lower()}"
    return _move(f"go_{place}", (f"g {letter}",), help, word, method="go", argument=place)


def _chart(id: str, keys: tuple[str, ...], help: str, short: str = "", **more: Any) -> Action:
    return Action(id=f"chart.{id}", keys=keys, help=help, short=short, group="Chart", panes=("chart",), **more)


def _recon(id: str, keys: tuple[str, ...], help: str, short: str, applies: str) -> Action:
    return Action(id=f"recon.{id}", keys=keys, help=help, short=short, group="Trade", panes=("recon",), applies=applies)


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
    # the ladder: what these keys act on is the price under the cursor
    _ladder("buy", ("b",), "Buy ticket at the cursor's price, of the chosen size; without a cursor at the bid", "buy"),
    _ladder("sell", ("s",), "Sell ticket at the cursor's price; without a cursor at the ask", "sell"),
    _ladder("buy_across", ("B",), "Buy ticket at the ask, of the chosen size"),
    _ladder("sell_across", ("S",), "Sell ticket at the bid, of the chosen size"),
    *(
        _ladder(
            f"size_{digit}",
            (str(digit),),
            f"Size {digit} on the ladder screen, or screen {digit} where there is no such size",
            "size" if digit == 1 else "",
            method="size",
            argument=str(digit),
        )
        for digit in range(1, 10)
    ),
    _ladder(
        "cancel", ("c",), "Cancel your orders at the cursor's price (Enter confirms)", "cancel here", applies="order"
    ),
    _ladder("modify", ("m",), "Modify your order at the cursor's price", applies="order"),
    _ladder(
        "nudge_up",
        ("K",),
        "Raise that order by one tick (staged; Enter commits)",
        "one tick",
        method="nudge",
        argument="1",
        applies="order",
    ),
    _ladder(
        "nudge_down", ("J",), "Lower that order by one tick (staged; Enter commits)", method="nudge", argument="-1"
    ),
    _ladder("stop", ("P",), "Protective stop for the position at the cursor's price", "protect", applies="position"),
    _ladder("centre", ("space",), "The market in the middle of the rows", "centre"),
    _ladder("lock", ("L",), "Rows stand still, or follow the market", "lock"),
    _ladder("release", ("escape",), "Cursor back to the touch; then back one step"),
    # the log
    Action(id="log.level", keys=("L",), help="Show lines of the next level and above", short="level", panes=("log",)),
    Action(id="log.find", keys=("/",), help="Find a line by words", short="find", panes=("log",)),
    Action(id="log.find_next", keys=("n",), help="Next match", panes=("log",), method="next", argument="1"),
    Action(id="log.find_previous", keys=("N",), help="Previous match", panes=("log",), method="next", argument="-1"),
    # what only a person can decide about an account
    _recon("ours", ("o",), "This candidate is our UNKNOWN order: type its symbol, then Enter", "ours", "candidate"),
    _recon(
        "not_placed",
        ("D",),
        "This UNKNOWN order was never placed: type its symbol, then Enter",
        "not placed",
        "unknown",
    ),
    _recon(
        "acknowledge", ("E",), "I have looked at what our fills do not explain (Enter confirms)", "looked", "frozen"
    ),
    # trade
    _trade("buy", ("b",), "Buy ticket for the selected symbol, limit at the bid", "buy", applies="symbol"),
    _trade("sell", ("s",), "Sell ticket for the selected symbol, limit at the ask", "sell", applies="symbol"),
    _trade("buy_across", ("B",), "Buy ticket at the ask (a marketable limit)"),
    _trade("sell_across", ("S",), "Sell ticket at the bid (a marketable limit)"),
    _trade(
        "close",
        ("x",),
        "Close the position of the selected symbol: reduce-only, size read when sent",
        "close",
        applies="position",
    ),
    _trade("close_half", ("X",), "Close half of that position"),
    _trade("modify", ("m",), "Modify the selected order", "modify", applies="order"),
    _trade("nudge_up", ("K",), "Raise its price by one tick (staged; Enter commits)", method="nudge", argument="1"),
    _trade("nudge_down", ("J",), "Lower its price by one tick (staged; Enter commits)", method="nudge", argument="-1"),
    _trade(
        "cancel",
        ("c",),
        "Cancel the selected order, or those that are marked (Enter confirms)",
        "cancel",
        applies="order",
    ),
    _trade("cancel_symbol", ("C",), "Cancel all orders of the selected symbol (Enter confirms)"),
    _trade("undo", ("u",), "Cancel the order sent last, if it is still open (Enter confirms)", "undo", applies="sent"),
    _trade("repeat", (".",), "Open the ticket of the order sent last again; sends nothing by itself"),
    _trade("protect", ("P",), "Attach a protective stop to the selected position, or move the one it has"),
    _trade("arm", ("ctrl+g f7",), "Armed mode: two keys far apart; also :arm 5m"),
    _trade("buy_armed", ("f9",), "Armed mode only: send the buy template at once", sends=True),
    _trade("sell_armed", ("f6",), "Armed mode only: send the sell template at once", sends=True),
    _trade("panic_menu", ("!",), "Panic menu", "panic", method="panic"),
    # chart
    _chart("ticket", ("enter",), "Ticket at the cursor's price: buy below the last price, sell above it", "ticket"),
    _chart("shorter", ("[",), "Shorter bars", "length"),
    _chart("longer", ("]",), "Longer bars"),
    _chart("zoom_in", ("+",), "Fewer bars, drawn wider", "zoom"),
    _chart("zoom_out", ("-",), "More bars, several a column"),
    _chart("back", ("h",), "Look at earlier bars", "pan"),
    _chart("forth", ("l",), "Look at later bars"),
    _chart("cursor_left", ("left",), "Crosshair to the bar before", "bar"),
    _chart("cursor_right", ("right",), "Crosshair to the next bar"),
    _chart("oldest", ("g g", "home"), "The oldest bars there are"),
    _chart("newest", ("G", "end"), "The newest bar, and follow it"),
    _chart("indicators", ("I",), "Other indicators", "indicators"),
    _chart("rest", ("escape",), "Cursors back, follow the newest bar; then as everywhere"),
    # move
    _move("down", ("j", "down"), "Next row"),
    _move("up", ("k", "up"), "Previous row"),
    _move("left", ("h", "left"), "Pane to the left"),
    _move("right", ("l", "right"), "Pane to the right"),
    _move("first", ("g g", "home"), "First row"),
    _move("last", ("G", "end"), "Last row"),
    _move("half_down", ("ctrl+d", "pagedown"), "Half a page down"),
    _move("half_up", ("ctrl+u", "pageup"), "Half a page up"),
    _move("next_pane", ("tab",), "Next pane", "pane"),
    _move("previous_pane", ("shift+tab",), "Previous pane"),
    *(
        _move(f"screen_{name}", (digit,), f"Screen {digit}: {name}", method="screen", argument=name)
        for digit, name in SCREENS
    ),
    _go("t", "trade", "Trade"),
    _go("q", "quotes", "Watch"),
    _go("p", "positions", "Positions"),
    _go("o", "orders", "Orders"),
    _go("b", "book", "Ladder"),
    _go("c", "chart", "Chart"),
    _go("s", "strategies", "Strategies"),
    _go("r", "rebalance", "Rebalance"),
    _go("l", "log", "Log"),
    _go("y", "system", "System"),
    _go("e", "recon", "Reconcile"),
    _go("k", "risk", "Limits"),
    _move("jump", ("ctrl+o",), "Jump: a letter on every pane; the letter goes there"),
    _move("drawer", ("`",), "The log over the lower third, again to close"),
    _move("zoom", ("z",), "Zoom the focused pane, again to restore", "zoom"),
    # rows of the pane
    _rows("filter", ("f",), "Filter the rows: code, name, initials, state; Esc shows all again", "filter"),
    _rows("sort_left", ("<",), "Sort by the column to the left"),
    _rows("sort_right", (">",), "Sort by the column to the right"),
    _rows("sort_flip", ("=",), "Sort the other way round, or again"),
    _rows("mark", ("space",), "Mark the row, or take its mark away"),
    _rows("mark_range", ("v",), "Mark from here to where the cursor goes; again to end"),
    _rows("mark_all", ("*",), "Mark all rows shown"),
    _rows("copy", ("ctrl+y",), "Copy the row, or the marked rows, as they read here"),
    _rows("export", ("e",), "Write the pane's rows to a file (csv, json)"),
    # work
    _list("find", ("/",), "Find an instrument by code, ticker, name or initials: in the list, then among all", "find"),
    _work("command", (":",), "Command line: orders and commands", "command"),
    _work("strategy", ("t",), "Start, pause or stop a strategy", "strategy", applies="strategies"),
    Action(
        id="strategies.params",
        keys=("enter",),
        help="Parameters of the selected strategy: stopped or paused, they can be changed",
        short="parameters",
        panes=("strategies", "why"),
        applies="strategies",
    ),
    Action(
        id="strategies.why",
        keys=("W",),
        help="Why the selected strategy trades or does not",
        short="why",
        applies="strategies",
    ),
    _work("details", ("enter",), "The whole text of the selected row: an order's reason, a log line, a strategy's why"),
    _work("palette", ("ctrl+p",), "Palette: find any action or command by a few letters"),
    _work("settings", (",",), "The settings in force, and their file"),
    _work("help", ("?",), "What the keys do here", "help"),
    _work("back", ("escape",), "Back one step; clears the message"),
    # watchlists
    _list("find_next", ("n",), "Next match", method="next", argument="1"),
    _list("find_previous", ("N",), "Previous match", method="next", argument="-1"),
    _list("add", ("a",), "Add an instrument to the watchlist", "add"),
    _list("remove", ("d d",), "Remove the row from the watchlist (a, Enter puts it back)", panes=("quotes",)),
    _list("up", ("alt+up",), "Move the row up", method="move", argument="-1", panes=("quotes",)),
    _list("down", ("alt+down",), "Move the row down", method="move", argument="1", panes=("quotes",)),
    _list("choose", ("w",), "Watchlists: choose, make, rename, delete", "lists"),
    _list("previous_list", ("[",), "Previous watchlist", method="turn", argument="-1"),
    _list("next_list", ("]",), "Next watchlist", method="turn", argument="1"),
    # alerts and details
    Action(
        id="alerts.set",
        keys=("A",),
        help="Alert at the price under the cursor of ladder or chart, else at the last price",
        short="alert",
        applies="symbol",
    ),
    Action(id="alerts.list", keys=("g a",), help="Alerts: those that wait and those that fired", short="Alerts"),
    Action(
        id="details.open", keys=("i",), help="All there is about the selected row, and notes on it", short="details"
    ),
    # forms: their own small tables, read by the forms themselves
    _form("ticket", ("enter",), "Send the order (PAPER) or review it (LIVE)", "send"),
    _form("ticket", ("escape",), "Drop the ticket", "drop"),
    _form("ticket", ("up", "down"), "Price by one tick", "price"),
    _form("ticket", ("pageup", "pagedown"), "Price by ten ticks"),
    _form("ticket", ("left", "right"), "Quantity by one lot, or the choice of the field", "quantity"),
    _form("ticket", ("shift+left", "shift+right"), "Quantity by ten lots"),
    _form("ticket", ("plus", "minus"), "Quantity preset up or down", "preset"),
    _form("ticket", ("tab", "shift+tab"), "Next, previous field", "field"),
    _form("ticket", ("t",), "Order type", "type"),
    _form("ticket", ("T",), "Time in force", "TIF"),
    _form("ticket", ("=",), "Price = last price"),
    _form("ticket", ("%",), "Size by share: 25 to 100 % of the buying power (selling: of the position), by risk"),
    _form("ticket", ("o",), "To the stop loss, the take profit, and back", "SL/TP"),
    _form("ticket", ("p",), "Peg: the price follows the own touch at this distance until it is sent", "peg"),
    _form("confirm", ("enter",), "Do it", "do it"),
    _form("confirm", ("escape",), "Leave it", "back"),
    _form("review", ("y",), "Send the order with real money (elevated: type what is asked, then Enter)", "send"),
    _form("review", ("escape",), "Back to the ticket", "back"),
    _form("panic", ("enter", "ctrl+x"), "Pause automatic orders, reduce only, cancel entry orders", "stop entries"),
    _form("panic", ("f",), "Flatten: also close every position (LIVE: after each account's end was typed)", "flatten"),
    _form("panic", ("h",), "Halt: nothing but cancels (Enter confirms)", "halt"),
    _form("panic", ("escape",), "Leave it", "back"),
    _form("settle", ("enter",), "Settle it, once the symbol was typed", "settle"),
    _form("settle", ("escape",), "Leave it UNKNOWN", "back"),
    _form("strategy", ("s",), "Start", "start"),
    _form("strategy", ("p",), "Pause", "pause"),
    _form("strategy", ("x",), "Stop", "stop"),
    _form("strategy", ("enter",), "Do it", "do it"),
    _form("strategy", ("escape",), "Leave it", "back"),
    _form("params", ("enter",), "Set what was changed; the strategy is warmed up again", "set"),
    _form("params", ("up", "down"), "Another parameter", "parameter"),
    _form("params", ("ctrl+r",), "Its default", "default"),
    _form("params", ("escape",), "Leave them as they are", "back"),
    _form("command", ("enter",), "Send the order or run the command", "run"),
    _form("command", ("tab",), "Complete the word, or mend what is wrong; again for the next offer", "complete"),
    _form("command", ("up", "down"), "Earlier and later lines", "history"),
    _form("command", ("escape",), "Drop the line", "drop"),
    _form("find", ("enter",), "Go to the match", "go"),
    _form("find", ("up", "down"), "Another match"),
    _form("find", ("escape",), "Back to where you were", "back"),
    _form("filter", ("enter",), "Keep the filter", "keep"),
    _form("filter", ("escape",), "The rows as they were", "back"),
    _form("export", ("enter",), "Write the file; .csv or .json", "write"),
    _form("export", ("escape",), "Write nothing", "back"),
    _form("palette", ("enter",), "Do it", "do it"),
    _form("palette", ("up", "down"), "Choose", "choose"),
    _form("palette", ("escape",), "Close the palette", "back"),
    _form("jump", ("escape",), "Stay here", "back"),
    _form("page", ("up", "down"), "Scroll", "scroll"),
    _form("page", ("escape", "q"), "Close the page", "back"),
    _form("add", ("enter",), "Add it to the watchlist", "add"),
    _form("add", ("up", "down"), "Another match"),
    _form("add", ("escape",), "Leave the list as it is", "back"),
    _form("seek", ("enter",), "Stay at the line", "stay"),
    _form("seek", ("escape",), "Back to where you were", "back"),
    _form("alert", ("enter",), "Set the alert", "set"),
    _form("alert", ("up", "down"), "Price by one tick", "price"),
    _form("alert", ("pageup", "pagedown"), "Price by ten ticks"),
    _form("alert", ("left", "right"), "Rise or fall", "side"),
    _form("alert", ("tab", "shift+tab"), "Price, note", "field"),
    _form("alert", ("escape",), "Drop it", "drop"),
    _form("alerts", ("enter",), "Go to its instrument", "go"),
    _form("alerts", ("d",), "Clear it; the second d does it", "clear"),
    _form("alerts", ("escape",), "Close the list", "back"),
    _form("details", ("n",), "Write a note: on the fill under the cursor, else on the whole", "note"),
    _form("details", ("r",), "Ask again", "again"),
    _form("details", ("up", "down"), "Scroll"),
    _form("details", ("escape",), "Close the details", "back"),
    _form("lists", ("enter",), "Look at this list", "look"),
    _form("lists", ("n",), "Make a list: type its name, then Enter", "new"),
    _form("lists", ("r",), "Rename it", "rename"),
    _form("lists", ("d",), "Delete it; the second d does it", "delete"),
    _form("lists", ("u",), "Back to what the settings say", "reset"),
    _form("lists", ("escape",), "Close the menu", "back"),
    _form("help", ("escape", "q", "?"), "Close the help", "back"),
)
