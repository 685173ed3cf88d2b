"""Who a party is: 统一社会信用代码 (GB 32100) and 公民身份号码 (GB 11643) with their check characters."""

import re

CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100: no I, O, S, V, Z, which are mistaken for digits and for one another."""
RESIDENT = re.compile(r"\d{17}[\dX]")


def credit_code_check(first: str) -> str:
    """The 18th character that the first 17 of a unified social credit code ask for (GB 32100)."""
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(first))
    return ALPHABET[-total % 31]


def is_credit_code(written: str) -> bool:
    return bool(CODE.fullmatch(written)) and credit_code_check(written[:17]) == written[17]


def resident_check(first: str) -> str:
    """The 18th character that the first 17 digits of a resident's number ask for (GB 11643)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first))
    return "10X98765432"[total % 11]


def is_resident_number(written: str) -> bool:
    return bool(RESIDENT.fullmatch(written)) and resident_check(written[:17]) == written[17]


def masked(written: str) -> str:
    """What may be shown of an identity number: the place it begins with and its last two characters."""
    if len(written) < 8:
        return "*" * len(written)
    return written[:4] + "*" * (len(written) - 6) + written[-2:]
