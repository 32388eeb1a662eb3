package bigcommercetest

import (
	"fmt"
	"time"
)

// orderWire is an order in the API, with every field of V2's order object.
type orderWire struct {
	ID                     int64       `json:"id"`
	CustomerID             int64       `json:"customer_id"`
	DateCreated            string      `json:"date_created"`
	DateModified           string      `json:"date_modified"`
	DateShipped            string      `json:"date_shipped"`
	StatusID               int         `json:"status_id"`
	Status                 string      `json:"status"`
	SubtotalExTax          money       `json:"subtotal_ex_tax"`
	SubtotalIncTax         money       `json:"subtotal_inc_tax"`
	SubtotalTax            money       `json:"subtotal_tax"`
	BaseShippingCost       money       `json:"base_shipping_cost"`
	ShippingCostExTax      money       `json:"shipping_cost_ex_tax"`
	ShippingCostIncTax     money       `json:"shipping_cost_inc_tax"`
	ShippingCostTax        money       `json:"shipping_cost_tax"`
	ShippingCostTaxClassID int         `json:"shipping_cost_tax_class_id"`
	BaseHandlingCost       money       `json:"base_handling_cost"`
	HandlingCostExTax      money       `json:"handling_cost_ex_tax"`
	HandlingCostIncTax     money       `json:"handling_cost_inc_tax"`
	HandlingCostTax        money       `json:"handling_cost_tax"`
	HandlingCostTaxClassID int         `json:"handling_cost_tax_class_id"`
	BaseWrappingCost       money       `json:"base_wrapping_cost"`
	WrappingCostExTax      money       `json:"wrapping_cost_ex_tax"`
	WrappingCostIncTax     money       `json:"wrapping_cost_inc_tax"`
	WrappingCostTax        money       `json:"wrapping_cost_tax"`
	WrappingCostTaxClassID int         `json:"wrapping_cost_tax_class_id"`
	TotalExTax             money       `json:"total_ex_tax"`
	TotalIncTax            money       `json:"total_inc_tax"`
	TotalTax               money       `json:"total_tax"`
	ItemsTotal             int         `json:"items_total"`
	ItemsShipped           int         `json:"items_shipped"`
	PaymentMethod          string      `json:"payment_method"`
	PaymentProviderID      any         `json:"payment_provider_id"`
	PaymentStatus          string      `json:"payment_status"`
	RefundedAmount         money       `json:"refunded_amount"` // always zero, as documented
	OrderIsDigital         bool        `json:"order_is_digital"`
	StoreCreditAmount      money       `json:"store_credit_amount"`
	GiftCertificateAmount  money       `json:"gift_certificate_amount"`
	IPAddress              string      `json:"ip_address"`
	IPAddressV6            string      `json:"ip_address_v6"`
	GeoIPCountry           string      `json:"geoip_country"`
	GeoIPCountryISO2       string      `json:"geoip_country_iso2"`
	CurrencyID             int         `json:"currency_id"`
	CurrencyCode           string      `json:"currency_code"`
	CurrencyExchangeRate   string      `json:"currency_exchange_rate"`
	DefaultCurrencyID      int         `json:"default_currency_id"`
	DefaultCurrencyCode    string      `json:"default_currency_code"`
	StaffNotes             string      `json:"staff_notes"`
	CustomerMessage        string      `json:"customer_message"`
	DiscountAmount         money       `json:"discount_amount"`
	CouponDiscount         money       `json:"coupon_discount"`
	ShippingAddressCount   int         `json:"shipping_address_count"`
	IsDeleted              bool        `json:"is_deleted"`
	EbayOrderID            string      `json:"ebay_order_id"`
	CartID                 string      `json:"cart_id"`
	BillingAddress         addressWire `json:"billing_address"`
	IsEmailOptIn           bool        `json:"is_email_opt_in"`
	CreditCardType         any         `json:"credit_card_type"`
	OrderSource            string      `json:"order_source"`
	ChannelID              int64       `json:"channel_id"`
	ExternalSource         any         `json:"external_source"`
	Consignments           linkWire    `json:"consignments"`
	Products               linkWire    `json:"products"`
	ShippingAddresses      linkWire    `json:"shipping_addresses"`
	Coupons                linkWire    `json:"coupons"`
	ExternalID             any         `json:"external_id"`
	ExternalMerchantID     any         `json:"external_merchant_id"`
	ExternalOrderID        string      `json:"external_order_id"`
	TaxProviderID          string      `json:"tax_provider_id"`
	StoreDefaultCurrency   string      `json:"store_default_currency_code"`
	StoreDefaultRate       string      `json:"store_default_to_transactional_exchange_rate"`
	CustomStatus           string      `json:"custom_status"`
	CustomerLocale         string      `json:"customer_locale"`
}

// linkWire points to a part of an order that has a call of its own.
type linkWire struct {
	URL      string `json:"url"`
	Resource string `json:"resource"`
}

type formFieldWire struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (s *Store) orderWireLocked(o *order) orderWire {
	subtotal, shipping := o.subtotal(), o.shippingCost()
	w := orderWire{
		ID: o.ID, CustomerID: o.CustomerID,
		DateCreated: rfc2822(o.DateCreated), DateModified: rfc2822(o.DateModified), DateShipped: rfc2822(o.DateShipped),
		StatusID: int(o.StatusID), Status: o.StatusID.String(), CustomStatus: s.labelLocked(o.StatusID),
		SubtotalExTax: subtotal, SubtotalTax: subtotal.tax(), SubtotalIncTax: subtotal + subtotal.tax(),
		BaseShippingCost: shipping, ShippingCostExTax: shipping, ShippingCostTax: shipping.tax(),
		ShippingCostIncTax: shipping + shipping.tax(),
		TotalExTax:         subtotal + shipping, TotalTax: subtotal.tax() + shipping.tax(),
		TotalIncTax: subtotal + subtotal.tax() + shipping + shipping.tax(),
		ItemsTotal:  o.ItemsTotal(), ItemsShipped: o.ItemsShipped(),
		PaymentMethod: o.PaymentMethod, PaymentProviderID: "", PaymentStatus: o.PaymentStatus,
		OrderIsDigital: o.Digital, ShippingAddressCount: len(o.addresses()), IsDeleted: o.IsDeleted,
		CurrencyID: 1, CurrencyCode: currency, CurrencyExchangeRate: "1.0000000000",
		DefaultCurrencyID: 1, DefaultCurrencyCode: currency,
		StoreDefaultCurrency: currency, StoreDefaultRate: "1.0000000000",
		StaffNotes: o.StaffNotes, CustomerMessage: o.CustomerMessage,
		EbayOrderID: "0", CartID: o.CartID, BillingAddress: o.Billing.wire(),
		OrderSource: o.OrderSource, ChannelID: o.ChannelID, ExternalSource: orNull(o.ExternalSource),
		ExternalID: orNull(o.ExternalID), ExternalMerchantID: orNull(o.ExternalMerchant),
		ExternalOrderID: o.ExternalOrderID, TaxProviderID: "BasicTaxProvider", CustomerLocale: "en",
		Consignments:      s.link(o, "consignments"),
		Products:          s.link(o, "products"),
		ShippingAddresses: s.link(o, "shipping_addresses"),
		Coupons:           s.link(o, "coupons"),
	}
	w.BillingAddress.FormFields = []formFieldWire{}
	return w
}

func (s *Store) link(o *order, part string) linkWire {
	resource := fmt.Sprintf("/orders/%d/%s", o.ID, part)
	return linkWire{URL: s.URL + "/stores/" + s.Hash + "/v2" + resource, Resource: resource}
}

// rfc2822 writes a date as V2 does; no date is an empty string.
func rfc2822(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC1123Z)
}

// orNull makes an empty string null, as the platform writes ids of other systems.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
