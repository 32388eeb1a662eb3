package bigcommercetest

// productWire is an element of GET /orders/{id}/products.
type productWire struct {
	ID                   int64  `json:"id"` // the order_product_id of shipments
	OrderID              int64  `json:"order_id"`
	ProductID            int64  `json:"product_id"`
	VariantID            int64  `json:"variant_id"`
	OrderPickupMethodID  int64  `json:"order_pickup_method_id"`
	OrderAddressID       int64  `json:"order_address_id"` // 0 when it is not shipped
	Name                 string `json:"name"`
	NameCustomer         string `json:"name_customer"`
	NameMerchant         string `json:"name_merchant"`
	SKU                  string `json:"sku"`
	UPC                  string `json:"upc"`
	Type                 string `json:"type"`
	BasePrice            money  `json:"base_price"`
	PriceExTax           money  `json:"price_ex_tax"`
	PriceIncTax          money  `json:"price_inc_tax"`
	PriceTax             money  `json:"price_tax"`
	BaseTotal            money  `json:"base_total"`
	TotalExTax           money  `json:"total_ex_tax"`
	TotalIncTax          money  `json:"total_inc_tax"`
	TotalTax             money  `json:"total_tax"`
	Weight               string `json:"weight"`
	Width                string `json:"width"`
	Height               string `json:"height"`
	Depth                string `json:"depth"`
	Quantity             int    `json:"quantity"`
	QuantityShipped      int    `json:"quantity_shipped"`
	QuantityRefunded     int    `json:"quantity_refunded"`
	IsRefunded           bool   `json:"is_refunded"`
	RefundAmount         money  `json:"refund_amount"`
	ReturnID             int64  `json:"return_id"`
	WrappingName         string `json:"wrapping_name"`
	WrappingMessage      string `json:"wrapping_message"`
	BaseWrappingCost     money  `json:"base_wrapping_cost"`
	FixedShippingCost    money  `json:"fixed_shipping_cost"`
	CostPriceTax         money  `json:"cost_price_tax"`
	OptionSetID          any    `json:"option_set_id"`
	ParentOrderProductID any    `json:"parent_order_product_id"`
	IsBundledProduct     bool   `json:"is_bundled_product"`
	BinPickingNumber     string `json:"bin_picking_number"`
	ExternalID           any    `json:"external_id"`
	FulfillmentSource    string `json:"fulfillment_source"`
	AppliedDiscounts     []any  `json:"applied_discounts"`
	ProductOptions       []any  `json:"product_options"`
	ConfigurableFields   []any  `json:"configurable_fields"`
}

// noSize is how the platform writes a measure that was not given.
const noSize = "0.0000"

func (s *Store) listProducts(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	return v2List(r, o.Items, o.productWire)
}

func (o *order) productWire(i Item) productWire {
	price := cents(i.PriceCents)
	total := price * money(i.Quantity)
	w := productWire{
		ID: i.ID, OrderID: o.ID, ProductID: i.ProductID, VariantID: i.VariantID, OrderAddressID: o.Shipping.ID,
		Name: i.Name, NameCustomer: i.Name, NameMerchant: i.Name, SKU: i.SKU, Type: "physical",
		BasePrice: price, PriceExTax: price, PriceTax: price.tax(), PriceIncTax: price + price.tax(),
		BaseTotal: total, TotalExTax: total, TotalTax: total.tax(), TotalIncTax: total + total.tax(),
		Weight: "1.0000", Width: noSize, Height: noSize, Depth: noSize,
		Quantity: i.Quantity, QuantityShipped: i.QuantityShipped,
		AppliedDiscounts: []any{}, ProductOptions: []any{}, ConfigurableFields: []any{},
	}
	if o.Digital {
		w.Type, w.OrderAddressID = "digital", 0
	}
	return w
}
