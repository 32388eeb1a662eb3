package bigcommerce

import (
	"context"
	"net/http"
	"net/url"
)

// PermissionAppOnly is the permission set of a metafield that BigCommerce
// documents as private to the API account that made it.
const PermissionAppOnly = "app_only"

// The longest texts of a metafield that BigCommerce documents, in bytes.
const (
	MaxMetafieldNamespace = 64
	MaxMetafieldKey       = 64
)

// Metafield is a text that an API account keeps with an order. Its value is
// whatever its owner put there, and is not read.
type Metafield struct {
	// ID identifies the metafield in its store.
	ID int64 `json:"id"`
	// OrderID is the order that it is kept with.
	OrderID int64 `json:"order_id"`
	// Namespace and Key name it. BigCommerce documents that an API account can
	// have one of a namespace and key with an order.
	Namespace string `json:"namespace"`
	Key       string `json:"key"`
}

// MetafieldRequest describes a metafield to create. All fields are required.
type MetafieldRequest struct {
	// PermissionSet says who else can see it, for example PermissionAppOnly.
	PermissionSet string `json:"permission_set"`
	// Namespace and Key name it.
	Namespace string `json:"namespace"`
	Key       string `json:"key"`
	// Value is the text, at most 65,535 characters.
	Value string `json:"value"`
	// Description explains it to people, in at most 255 characters.
	Description string `json:"description"`
}

// OrderMetafields reads the metafields with this namespace and key of all
// orders, as far as the API account may see them. It returns an empty list when
// there are none, and fails with Forbidden when the account may not read orders.
func (c *Client) OrderMetafields(ctx context.Context, namespace, key string) ([]Metafield, error) {
	call := request{
		endpoint: endpointListMetafields, name: "list metafields of orders",
		method: http.MethodGet, path: "v3/orders/metafields", mayEmpty: true,
		query: url.Values{"namespace": {namespace}, "key": {key}},
	}
	if namespace == "" || key == "" {
		return nil, c.invalid(call.name, "a metafield is named by a namespace and a key")
	}
	fields := []Metafield{}
	seen := make(map[int64]bool)
	complete := true
	err := eachPage(ctx, c, call, func(page []wireMetafield) bool {
		for _, wire := range page {
			field := wire.metafield(0)
			complete = complete && field.ID > 0 && field.OrderID > 0
			// Pages shift while metafields come and go. The filters are
			// applied here too: what is found may be deleted.
			if !seen[field.ID] && field.Namespace == namespace && field.Key == key {
				seen[field.ID] = true
				fields = append(fields, field)
			}
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	if !complete {
		return nil, c.malformed(call, "a metafield in the answer has no id or no order")
	}
	return fields, nil
}

// CreateOrderMetafield keeps a text with an order. BigCommerce documents 409,
// which is Conflict, when the account has one of this namespace and key there,
// and 422, which is Invalid, for texts that are missing or too long. It fails
// with Forbidden when the account may not change orders.
func (c *Client) CreateOrderMetafield(ctx context.Context, orderID int64, field MetafieldRequest) (Metafield, error) {
	var answer envelope[wireMetafield]
	call := request{
		endpoint: endpointCreateMetafield, name: "create a metafield of order " + id(orderID),
		method: http.MethodPost, path: "v3/orders/" + id(orderID) + "/metafields", body: field, answer: &answer,
	}
	if orderID <= 0 {
		return Metafield{}, c.invalid(call.name, "an order id is a positive number")
	}
	if _, err := c.send(ctx, call); err != nil {
		return Metafield{}, err
	}
	made := answer.Data.metafield(orderID)
	switch {
	case made.ID <= 0:
		return Metafield{}, c.malformed(call, "the metafield in the answer has no id")
	case made.OrderID != orderID:
		return Metafield{}, c.malformed(call, "the metafield in the answer is of order %d", made.OrderID)
	}
	return made, nil
}

// DeleteOrderMetafield deletes a metafield of an order. It fails with NotFound
// when the order has none of this id that the account may see.
func (c *Client) DeleteOrderMetafield(ctx context.Context, orderID, metafieldID int64) error {
	call := request{
		endpoint: endpointDeleteMetafield, name: "delete metafield " + id(metafieldID) + " of order " + id(orderID),
		method: http.MethodDelete, path: "v3/orders/" + id(orderID) + "/metafields/" + id(metafieldID),
	}
	if orderID <= 0 || metafieldID <= 0 {
		return c.invalid(call.name, "the ids of an order and of a metafield are positive numbers")
	}
	_, err := c.send(ctx, call)
	return err
}

// wireMetafield is the part of a metafield that is decoded.
type wireMetafield struct {
	ID         integer `json:"id"`
	ResourceID integer `json:"resource_id"`
	Namespace  text    `json:"namespace"`
	Key        text    `json:"key"`
}

// metafield returns the metafield; one that does not name its order belongs to
// the order that was asked for.
func (w wireMetafield) metafield(orderID int64) Metafield {
	return Metafield{
		ID: w.ID.or(0), OrderID: w.ResourceID.or(orderID), Namespace: string(w.Namespace), Key: string(w.Key),
	}
}
