package bigcommerce

import (
	"fmt"
	"math/big"
	"strings"
)

// Money is an exact decimal amount as BigCommerce writes it, for example
// "69.8400", "1008.74" or "0". It is never a float. Its currency is the order's
// own. The empty Money is an amount that is not known.
type Money string

// maxMoneyLen bounds an amount: far more digits than any currency needs.
const maxMoneyLen = 40

// ParseMoney reads a decimal amount: an optional minus sign, digits, and
// optionally a point and more digits. It fails for everything else, exponents
// and thousands separators included.
func ParseMoney(s string) (Money, error) {
	s = strings.TrimSpace(s)
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if len(s) > maxMoneyLen || !digits(whole) || (point && !digits(fraction)) {
		return "", fmt.Errorf("bigcommerce: not a decimal amount of at most %d characters", maxMoneyLen)
	}
	return Money(s), nil
}

// Equal reports whether both amounts are known and the same number: "69.84"
// equals "69.8400".
func (m Money) Equal(other Money) bool {
	a, okA := m.Rat()
	b, okB := other.Rat()
	return okA && okB && a.Cmp(b) == 0
}

// Rat returns the amount as an exact number, and false when it is not known.
func (m Money) Rat() (*big.Rat, bool) {
	valid, err := ParseMoney(string(m))
	if err != nil {
		return nil, false
	}
	return new(big.Rat).SetString(string(valid))
}

// String returns the amount as BigCommerce wrote it.
func (m Money) String() string { return string(m) }

// UnmarshalJSON implements json.Unmarshaler. It accepts strings and numbers;
// anything that is not a decimal amount reads as not known.
func (m *Money) UnmarshalJSON(raw []byte) error {
	*m = ""
	if amount, err := ParseMoney(scalar(raw)); err == nil {
		*m = amount
	}
	return nil
}

// digits reports whether s is one or more ASCII digits.
func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
