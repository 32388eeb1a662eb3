package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// merchant does what people and their tools do in a store, through the store's
// own API. Orderbridge itself never writes to a store's orders.
type merchant struct {
	base  string
	token string
	http  *http.Client
}

func newMerchant(storeURL, hash, token string) *merchant {
	return &merchant{base: storeURL + "/stores/" + hash, token: token, http: &http.Client{Timeout: 10 * time.Second}}
}

// cancel sets an order to Cancelled.
func (m *merchant) cancel(ctx context.Context, order int64) error {
	return m.call(ctx, http.MethodPut, fmt.Sprintf("/v2/orders/%d", order), map[string]any{"status_id": bigcommerce.StatusCancelled}, nil)
}

// ship records one shipment of all that is in an order.
func (m *merchant) ship(ctx context.Context, order int64, tracking string) error {
	var products []struct {
		ID       int64 `json:"id"`
		Quantity int   `json:"quantity"`
	}
	var addresses []struct {
		ID int64 `json:"id"`
	}
	path := fmt.Sprintf("/v2/orders/%d", order)
	if err := m.call(ctx, http.MethodGet, path+"/products", nil, &products); err != nil {
		return err
	}
	if err := m.call(ctx, http.MethodGet, path+"/shipping_addresses", nil, &addresses); err != nil {
		return err
	}
	if len(addresses) == 0 {
		return fmt.Errorf("order %d has no shipping address", order)
	}
	items := make([]map[string]any, 0, len(products))
	for _, product := range products {
		items = append(items, map[string]any{"order_product_id": product.ID, "quantity": product.Quantity})
	}
	return m.call(ctx, http.MethodPost, path+"/shipments", map[string]any{
		"order_address_id":  addresses[0].ID,
		"items":             items,
		"tracking_number":   tracking,
		"shipping_provider": "usps",
	}, nil)
}

func (m *merchant) call(ctx context.Context, method, path string, body, answer any) error {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, m.base+path, &content)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header.Set("X-Auth-Token", m.token)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	response, err := m.http.Do(request)
	if err != nil {
		return fmt.Errorf("the store: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("the store: %s %s: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the store answered %s %s with %s", method, path, response.Status)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("the store's answer to %s %s: %w", method, path, err)
	}
	return nil
}
