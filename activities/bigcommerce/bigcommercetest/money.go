package bigcommercetest

import "fmt"

// money is an amount in ten-thousandths, which is how the API writes it: a
// string with four decimals.
type money int64

const (
	currency     = "USD"
	taxRate      = 825 // in ten-thousandths: 8.25 %
	shippingCost = money(12_0000)
)

func cents(c int64) money { return money(c * 100) }

func (m money) tax() money { return m * taxRate / 10_000 }

// MarshalJSON writes "12.5000".
func (m money) MarshalJSON() ([]byte, error) {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Appendf(nil, `"%s%d.%04d"`, sign, int64(m)/10_000, int64(m)%10_000), nil
}

// subtotal is what the items cost before tax.
func (o Order) subtotal() money {
	var total money
	for _, i := range o.Items {
		total += cents(i.PriceCents) * money(i.Quantity)
	}
	return total
}

// shippingCost is what shipping costs before tax.
func (o Order) shippingCost() money {
	if o.Digital {
		return 0
	}
	return shippingCost
}
