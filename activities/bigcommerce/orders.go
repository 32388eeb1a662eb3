package bigcommerce

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Order is what the rules need to know of a BigCommerce order. It holds no
// personal data: it is recorded in workflow histories. All times are in UTC
// with a precision of a second.
type Order struct {
	// ID is the order's number, as customers and merchants see it.
	ID int64 `json:"id"`
	// StatusID is the status that decides.
	StatusID StatusID `json:"status_id"`
	// Status is BigCommerce's own name of the status, for messages.
	Status string `json:"status,omitempty"`
	// CustomStatus is the merchant's name of the status. It may be empty.
	CustomStatus string `json:"custom_status,omitempty"`
	// ChannelID is the BigCommerce channel (a storefront or marketplace, not
	// a sales channel of ours) that the order came from. BigCommerce
	// documents 1, the store's own storefront, as the default.
	ChannelID int64 `json:"channel_id"`
	// DateCreated and DateModified are when the order was placed and last
	// changed in any way.
	DateCreated  time.Time `json:"date_created,omitzero"`
	DateModified time.Time `json:"date_modified,omitzero"`
	// DateShipped is when the order was shipped completely; zero before.
	DateShipped time.Time `json:"date_shipped,omitzero"`
	// ItemsTotal and ItemsShipped count units, not lines.
	ItemsTotal   int `json:"items_total"`
	ItemsShipped int `json:"items_shipped"`
	// TotalIncTax is the total with tax, in the order's currency.
	TotalIncTax Money `json:"total_inc_tax,omitempty"`
	// PaymentStatus is for example "captured" or "partially refunded"; it
	// may be empty.
	PaymentStatus string `json:"payment_status,omitempty"`
	// ExternalOrderID and ExternalSource are what another system noted on
	// the order as its own number and name. They may be empty.
	ExternalOrderID string `json:"external_order_id,omitempty"`
	ExternalSource  string `json:"external_source,omitempty"`
	// IsDeleted is true for an archived order, which is how BigCommerce
	// deletes one.
	IsDeleted bool `json:"is_deleted"`
	// ReadAt is when the store answered, by the store's own clock; by ours
	// where the answer has no Date header.
	ReadAt time.Time `json:"read_at"`
}

// MaxOrdersLimit is the largest OrdersQuery.Limit, which BigCommerce documents
// for its lists in general.
const MaxOrdersLimit = 250

// The orders in which Orders can list. Descending ones end in ":desc".
const (
	SortByID           = "id:asc"
	SortNewestFirst    = "id:desc"
	SortByDateModified = "date_modified:asc"
)

// OrdersQuery selects and sorts orders. The zero value selects the first page of
// all orders, by id.
type OrdersQuery struct {
	// Page counts from 1; 0 is the first page.
	Page int
	// Limit is how many orders a page holds, at most MaxOrdersLimit; 0 leaves
	// it to BigCommerce, which documents 50.
	Limit int
	// MinID and MaxID bound the ids, both included; 0 does not.
	MinID, MaxID int64
	// MinDateModified and MaxDateModified bound the last change, to the
	// second; the zero time does not.
	MinDateModified, MaxDateModified time.Time
	// StatusID selects one status; nil selects all. BigCommerce takes one at
	// a time.
	StatusID *StatusID
	// ChannelID selects one BigCommerce channel; 0 selects all.
	ChannelID int64
	// Sort is a field and a direction, such as SortByDateModified. Defaults
	// to BigCommerce's own, SortByID.
	Sort string
}

func (q OrdersQuery) values() url.Values {
	values := url.Values{}
	positive := func(key string, n int64) {
		if n > 0 {
			values.Set(key, strconv.FormatInt(n, 10))
		}
	}
	positive("page", int64(q.Page))
	positive("limit", int64(q.Limit))
	positive("min_id", q.MinID)
	positive("max_id", q.MaxID)
	positive("channel_id", q.ChannelID)
	if !q.MinDateModified.IsZero() {
		values.Set("min_date_modified", q.MinDateModified.UTC().Format(time.RFC1123Z))
	}
	if !q.MaxDateModified.IsZero() {
		values.Set("max_date_modified", q.MaxDateModified.UTC().Format(time.RFC1123Z))
	}
	if q.StatusID != nil {
		values.Set("status_id", strconv.Itoa(int(*q.StatusID)))
	}
	if q.Sort != "" {
		values.Set("sort", q.Sort)
	}
	return values
}

// Order reads one order. It fails with NotFound when the store has none of this
// id, and with Malformed when the answer lacks an id or a status.
func (c *Client) Order(ctx context.Context, orderID int64) (Order, error) {
	call := request{
		endpoint: endpointGetOrder, name: "get order " + id(orderID),
		method: http.MethodGet, path: "v2/orders/" + id(orderID),
	}
	if orderID <= 0 {
		return Order{}, c.invalid(call.name, "an order id is a positive number")
	}
	var wire wireOrder
	call.answer = &wire
	at, err := c.send(ctx, call)
	if err != nil {
		return Order{}, err
	}
	order, missing := wire.order(at)
	if missing != "" {
		return Order{}, c.malformed(call, "the order in the answer has no %s", missing)
	}
	if order.ID != orderID {
		return Order{}, c.malformed(call, "the answer is about order %d", order.ID)
	}
	return order, nil
}

// Orders reads one page of the orders that match a query. It returns an empty
// list when none match or the page is past the last one: BigCommerce answers 204
// for both. Pages of a list sorted by modification shift while orders change,
// so the same order may be on two pages, and one on none.
func (c *Client) Orders(ctx context.Context, query OrdersQuery) ([]Order, error) {
	call := request{
		endpoint: endpointListOrders, name: "list orders",
		method: http.MethodGet, path: "v2/orders", query: query.values(), mayEmpty: true,
	}
	if query.Page < 0 || query.Limit < 0 || query.Limit > MaxOrdersLimit {
		return nil, c.invalid(call.name, "a page counts from 1 and holds 1 to 250 orders")
	}
	var wires []wireOrder
	call.answer = &wires
	at, err := c.send(ctx, call)
	if err != nil {
		return nil, err
	}
	orders := make([]Order, 0, len(wires))
	for i, wire := range wires {
		order, missing := wire.order(at)
		if missing != "" {
			return nil, c.malformed(call, "order %d of %d in the answer has no %s", i+1, len(wires), missing)
		}
		orders = append(orders, order)
	}
	return orders, nil
}

// wireOrder is the part of an order that is decoded. Addresses, names, notes
// and IP addresses are left out on purpose.
type wireOrder struct {
	ID              integer `json:"id"`
	StatusID        integer `json:"status_id"`
	Status          text    `json:"status"`
	CustomStatus    text    `json:"custom_status"`
	ChannelID       integer `json:"channel_id"`
	DateCreated     date    `json:"date_created"`
	DateModified    date    `json:"date_modified"`
	DateShipped     date    `json:"date_shipped"`
	ItemsTotal      integer `json:"items_total"`
	ItemsShipped    integer `json:"items_shipped"`
	TotalIncTax     Money   `json:"total_inc_tax"`
	PaymentStatus   text    `json:"payment_status"`
	ExternalOrderID text    `json:"external_order_id"`
	ExternalSource  text    `json:"external_source"`
	IsDeleted       flag    `json:"is_deleted"`
}

// order returns the order, or the name of what is missing. An order without a
// readable status must not be taken for one with status 0.
func (w wireOrder) order(at time.Time) (order Order, missing string) {
	switch {
	case w.ID.or(0) <= 0:
		return Order{}, "id"
	case !w.StatusID.ok || w.StatusID.value != int64(w.StatusID.count()):
		return Order{}, "status_id"
	}
	order = Order{
		ID:              w.ID.value,
		StatusID:        StatusID(w.StatusID.count()),
		Status:          string(w.Status),
		CustomStatus:    string(w.CustomStatus),
		ChannelID:       w.ChannelID.or(0),
		DateCreated:     w.DateCreated.Time,
		DateModified:    w.DateModified.Time,
		DateShipped:     w.DateShipped.Time,
		ItemsTotal:      w.ItemsTotal.count(),
		ItemsShipped:    w.ItemsShipped.count(),
		TotalIncTax:     w.TotalIncTax,
		PaymentStatus:   string(w.PaymentStatus),
		ExternalOrderID: string(w.ExternalOrderID),
		ExternalSource:  string(w.ExternalSource),
		IsDeleted:       bool(w.IsDeleted),
		ReadAt:          at,
	}
	if order.ChannelID <= 0 {
		order.ChannelID = 1
	}
	return order, ""
}
