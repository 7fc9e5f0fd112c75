"""The markets of the simulated Upbit: of each kind some, with prices far from one another."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.upbit.exchange import Exchange, Listed, step_of

NAMES = {
    "BTC": ("비트코인", "Bitcoin", 150_000_000),
    "ETH": ("이더리움", "Ethereum", 5_200_000),
    "XRP": ("엑스알피(리플)", "XRP", 3105),
    "SOL": ("솔라나", "Solana", 71_000),
    "USDT": ("테더", "Tether", 1450),
    "USDC": ("유에스디코인", "USD Coin", 1449),
    "DOGE": ("도지코인", "Dogecoin", 312),
    "ADA": ("에이다", "Cardano", 890),
    "AVAX": ("아발란체", "Avalanche", 31_200),
    "DOT": ("폴카닷", "Polkadot", 6_150),
    "LINK": ("체인링크", "Chainlink", 25_400),
    "TRX": ("트론", "TRON", 481),
    "SHIB": ("시바이누", "Shiba Inu", "0.0182"),
    "PEPE": ("페페", "Pepe", "0.0135"),
    "BCH": ("비트코인캐시", "Bitcoin Cash", 731_500),
    "ETC": ("이더리움클래식", "Ethereum Classic", 27_150),
    "SUI": ("수이", "Sui", 4_120),
    "APT": ("앱토스", "Aptos", 6_480),
    "NEAR": ("니어프로토콜", "NEAR Protocol", 3_620),
    "ATOM": ("코스모스", "Cosmos", 5_910),
    "STX": ("스택스", "Stacks", 861),
    "XLM": ("스텔라루멘", "Stellar Lumens", 402),
    "HBAR": ("헤데라", "Hedera", 276),
    "ALGO": ("알고랜드", "Algorand", 268),
    "SAND": ("샌드박스", "The Sandbox", 351),
    "MANA": ("디센트럴랜드", "Decentraland", 374),
    "ZIL": ("질리카", "Zilliqa", "15.2"),
    "BTT": ("비트토렌트", "BitTorrent", "0.000912"),
    "XEC": ("이캐시", "eCash", "0.0263"),
    "CRO": ("크로노스", "Cronos", 158),
}
IN_BTC = {"ETH": "0.03460000", "XRP": "0.00002070", "SOL": "0.00047300", "DOT": "0.00004100"}
IN_USDT = {"BTC": "103400.00", "ETH": "3585.00", "XRP": "2.141", "DOGE": "0.2152"}


def markets() -> list[Listed]:
    """With a book each: a thousand on the best levels, and thirty levels a side."""
    prices = {f"KRW-{base}": Decimal(str(price)) for base, (_, _, price) in NAMES.items()}
    prices |= {f"BTC-{base}": Decimal(price) for base, price in IN_BTC.items()}
    prices |= {f"USDT-{base}": Decimal(price) for base, price in IN_USDT.items()}
    found = []
    for code, price in prices.items():
        korean, english, _ = NAMES[code.partition("-")[2]]
        found.append(Listed(code=code, korean=korean, english=english, last=price, close=price))
    exchange = Exchange(found, {}, lambda: 0)
    for code, price in prices.items():
        step = step_of(code, price)
        exchange.quote(code, price // step * step, price // step * step + _gap(code, step), Decimal(1000))
    return found


def _gap(code: str, step: Decimal) -> Decimal:
    return step * 2 if code == "KRW-SOL" else step
