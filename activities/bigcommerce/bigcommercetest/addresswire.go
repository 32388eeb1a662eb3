package bigcommercetest

import "net/http"

// addressWire is an address in the API.
type addressWire struct {
	FirstName   string          `json:"first_name"`
	LastName    string          `json:"last_name"`
	Company     string          `json:"company"`
	Street1     string          `json:"street_1"`
	Street2     string          `json:"street_2"`
	City        string          `json:"city"`
	State       string          `json:"state"`
	Zip         string          `json:"zip"`
	Country     string          `json:"country"`
	CountryISO2 string          `json:"country_iso2"`
	Phone       string          `json:"phone"`
	Email       string          `json:"email"`
	FormFields  []formFieldWire `json:"form_fields"`
}

// shippingAddressWire is an element of GET /orders/{id}/shipping_addresses.
type shippingAddressWire struct {
	ID      int64 `json:"id"`
	OrderID int64 `json:"order_id"`
	addressWire

	ItemsTotal           int    `json:"items_total"`
	ItemsShipped         int    `json:"items_shipped"`
	ShippingMethod       string `json:"shipping_method"`
	BaseCost             money  `json:"base_cost"`
	CostExTax            money  `json:"cost_ex_tax"`
	CostIncTax           money  `json:"cost_inc_tax"`
	CostTax              money  `json:"cost_tax"`
	CostTaxClassID       int    `json:"cost_tax_class_id"`
	BaseHandlingCost     money  `json:"base_handling_cost"`
	HandlingCostExTax    money  `json:"handling_cost_ex_tax"`
	HandlingCostIncTax   money  `json:"handling_cost_inc_tax"`
	HandlingCostTax      money  `json:"handling_cost_tax"`
	ShippingZoneID       int    `json:"shipping_zone_id"`
	ShippingZoneName     string `json:"shipping_zone_name"`
	ShippingQuotesSource any    `json:"shipping_quotes"`
}

func (a Address) wire() addressWire {
	return addressWire{
		FirstName: a.FirstName, LastName: a.LastName, Company: a.Company, Street1: a.Street, City: a.City,
		State: a.State, Zip: a.Zip, Country: a.Country, CountryISO2: a.CountryID, Phone: a.Phone, Email: a.Email,
	}
}

// addresses returns where the order is shipped to: nowhere if it is digital.
func (o Order) addresses() []Address {
	if o.Digital {
		return nil
	}
	return []Address{o.Shipping}
}

func (s *Store) listAddresses(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	return v2List(r, o.addresses(), func(a Address) shippingAddressWire { return s.addressWireLocked(o, a) })
}

func (s *Store) addressWireLocked(o *order, a Address) shippingAddressWire {
	cost := o.shippingCost()
	w := shippingAddressWire{
		ID: a.ID, OrderID: o.ID, addressWire: a.wire(),
		ItemsTotal: o.ItemsTotal(), ItemsShipped: o.ItemsShipped(),
		ShippingMethod: "Flat rate", BaseCost: cost, CostExTax: cost, CostTax: cost.tax(), CostIncTax: cost + cost.tax(),
		ShippingZoneID: 1, ShippingZoneName: "United States", ShippingQuotesSource: s.link(o, "shipping_quotes"),
	}
	w.FormFields = []formFieldWire{}
	return w
}

// listCoupons answers for orders without coupons, which all orders here are.
func (s *Store) listCoupons(r *request) answer {
	if _, refusal := s.orderOfPath(r); refusal != nil {
		return *refusal
	}
	return answer{status: http.StatusNoContent}
}
