"""IEEE 754 in exact arithmetic: values are fractions, and rounding happens once, here. Nothing asks the processor.

A result is (bits, nan): `nan` is None, "canonical" where the specification leaves only the sign open, or "arithmetic" where it
asks for a quiet NaN (core spec 4.3.3).
"""
from fractions import Fraction
from math import isqrt


class Format:
    def __init__(self, width, mantissa):
        self.width, self.mantissa = width, mantissa
        self.exponents = width - 1 - mantissa
        self.bias = (1 << (self.exponents - 1)) - 1
        self.sign = 1 << (width - 1)
        self.infinity = ((1 << self.exponents) - 1) << mantissa
        self.canonical = self.infinity | 1 << (mantissa - 1)
        self.most = self.infinity - 1

    def is_nan(self, bits):
        return bits & ~self.sign > self.infinity

    def is_infinite(self, bits):
        return bits & ~self.sign == self.infinity

    def negative(self, bits):
        return bool(bits & self.sign)

    def value(self, bits):
        """The fraction of a finite number; zeros lose their sign."""
        exponent = (bits & self.infinity) >> self.mantissa
        fraction = bits & ((1 << self.mantissa) - 1)
        if exponent:
            fraction |= 1 << self.mantissa
        power = max(exponent, 1) - self.bias - self.mantissa
        value = Fraction(fraction << power) if power >= 0 else Fraction(fraction, 1 << -power)
        return -value if self.negative(bits) else value

    def round(self, value, negative_zero=False):
        """Bits of the nearest number, ties to even."""
        if value == 0:
            return self.sign if negative_zero else 0
        sign = self.sign if value < 0 else 0
        value = abs(value)
        exponent = value.numerator.bit_length() - value.denominator.bit_length()
        if value < Fraction(2) ** exponent:
            exponent -= 1
        exponent = max(exponent, 1 - self.bias)
        scaled = value / Fraction(2) ** (exponent - self.mantissa)
        whole = scaled.numerator // scaled.denominator
        rest = scaled - whole
        if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole & 1):
            whole += 1
        # A carry out of the fraction makes the exponent one larger, as it should.
        bits = whole if exponent == 1 - self.bias else ((exponent + self.bias - 1) << self.mantissa) + whole
        return sign | min(bits, self.infinity)

    def nan_of(self, *operands):
        """The result when an operand is a NaN, or when numbers give one."""
        nans = [bits for bits in operands if self.is_nan(bits)]
        canonical = all(bits & ~self.sign == self.canonical for bits in nans)
        return self.canonical, "canonical" if canonical else "arithmetic"

    # ---- operations

    def add(self, a, b):
        if self.is_nan(a) or self.is_nan(b) or (self.is_infinite(a) and self.is_infinite(b) and a != b):
            return self.nan_of(a, b)
        for x in (a, b):
            if self.is_infinite(x):
                return x, None
        both_negative = self.negative(a) and self.negative(b)
        return self.round(self.value(a) + self.value(b), both_negative), None

    def sub(self, a, b):
        return self.add(a, b) if self.is_nan(b) else self.add(a, b ^ self.sign)

    def mul(self, a, b):
        zero = a & ~self.sign == 0 or b & ~self.sign == 0
        infinite = self.is_infinite(a) or self.is_infinite(b)
        if self.is_nan(a) or self.is_nan(b) or (zero and infinite):
            return self.nan_of(a, b)
        negative = self.negative(a) != self.negative(b)
        if infinite:
            return self.infinity | (self.sign if negative else 0), None
        return self.round(self.value(a) * self.value(b), negative), None

    def div(self, a, b):
        zero_a, zero_b = (x & ~self.sign == 0 for x in (a, b))
        if self.is_nan(a) or self.is_nan(b) or (zero_a and zero_b) or (self.is_infinite(a) and self.is_infinite(b)):
            return self.nan_of(a, b)
        sign = self.sign if self.negative(a) != self.negative(b) else 0
        if self.is_infinite(a) or zero_b:
            return self.infinity | sign, None
        if self.is_infinite(b):
            return sign, None
        return self.round(self.value(a) / self.value(b), bool(sign)), None

    def sqrt(self, a):
        if self.is_nan(a) or (self.negative(a) and a != self.sign):
            return self.nan_of(a)
        if self.is_infinite(a) or a & ~self.sign == 0:
            return a, None
        value, digits = self.value(a), 700
        scaled = value * 4 ** digits
        whole = scaled.numerator // scaled.denominator
        root = isqrt(whole)
        exact = root * root == whole and scaled.denominator == 1
        # What is cut off lies strictly between two candidates, so any fraction stands for it.
        return self.round(Fraction(2 * root + (0 if exact else 1), 2 << digits)), None

    def integral(self, a, function):
        if self.is_nan(a):
            return self.nan_of(a)
        if self.is_infinite(a):
            return a, None
        return self.round(Fraction(function(self.value(a))), self.negative(a)), None

    def ceil(self, a):
        return self.integral(a, lambda v: -((-v.numerator) // v.denominator))

    def floor(self, a):
        return self.integral(a, lambda v: v.numerator // v.denominator)

    def trunc(self, a):
        return self.integral(a, int)

    def nearest(self, a):
        return self.integral(a, round)  # Python's rounds ties to even.

    def order(self, bits):
        """A number that orders floats; zeros by sign."""
        return -(bits & ~self.sign) - 1 if self.negative(bits) else bits

    def min(self, a, b):
        if self.is_nan(a) or self.is_nan(b):
            return self.nan_of(a, b)
        return min(a, b, key=self.order), None

    def max(self, a, b):
        if self.is_nan(a) or self.is_nan(b):
            return self.nan_of(a, b)
        return max(a, b, key=self.order), None

    def less(self, a, b):
        if self.is_nan(a) or self.is_nan(b):
            return False
        zero = a & ~self.sign == 0 and b & ~self.sign == 0
        return not zero and self.order(a) < self.order(b)

    def equal(self, a, b):
        if self.is_nan(a) or self.is_nan(b):
            return False
        return a == b or (a & ~self.sign == 0 and b & ~self.sign == 0)

    def pmin(self, a, b):
        return (b if self.less(b, a) else a), None

    def pmax(self, a, b):
        return (b if self.less(a, b) else a), None

    def convert(self, to, a):
        """To another format."""
        if self.is_nan(a):
            return to.canonical, self.nan_of(a)[1]
        if self.is_infinite(a):
            return to.infinity | (to.sign if self.negative(a) else 0), None
        return to.round(self.value(a), self.negative(a)), None


F32, F64 = Format(32, 23), Format(64, 52)
