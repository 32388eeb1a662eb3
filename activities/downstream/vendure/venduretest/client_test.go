package venduretest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// What an adapter says, in its plainest form.
const (
	loginDocument  = `mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { __typename } }`
	findDocument   = `query ($number: String!) { orders(options: {filter: {channelOrderNumber: {eq: $number}}}) { items { id state customFields { channelOrderNumber } } } }`
	cancelDocument = `mutation ($id: ID!) { cancelOrder(input: {orderId: $id, reason: "r", cancelShipping: true}) { __typename ... on Order { state } } }`
	shipDocument   = `mutation ($id: ID!) { transitionFulfillmentToState(id: $id, state: "Shipped") { __typename ... on Fulfillment { state } } }`
)

// client speaks to the Admin API without the adapter and without the back door.
type client struct {
	t     *testing.T
	url   string
	token string
	key   string
}

// reply is an answer, or why there is none.
type reply struct {
	body   []byte
	err    error
	header http.Header
	status int
}

func connect(t *testing.T, url, username, password string) *client {
	t.Helper()
	c := &client{t: t, url: url}
	got := c.send(loginDocument, map[string]any{"u": username, "p": password})
	require.JSONEq(t, `{"data":{"login":{"__typename":"CurrentUser"}}}`, string(got.body))
	c.token = got.header.Get("Vendure-Auth-Token")
	require.NotEmpty(t, c.token)
	return c
}

func (c *client) send(document string, variables map[string]any) reply {
	c.t.Helper()
	return c.sendWith(c.t.Context(), document, variables)
}

func (c *client) sendWith(ctx context.Context, document string, variables map[string]any) reply {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	require.NoError(c.t, err)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" {
		req.Header.Set("Vendure-Api-Key", c.key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{err: err}
	}
	got := reply{header: resp.Header, status: resp.StatusCode}
	got.body, got.err = io.ReadAll(resp.Body)
	require.NoError(c.t, resp.Body.Close())
	return got
}

// code is the error code at the top of an answer, or "".
func (r reply) code(t *testing.T) string {
	t.Helper()
	require.NoError(t, r.err)
	require.Equal(t, http.StatusOK, r.status)
	var got struct {
		Errors []struct {
			Extensions struct {
				Code string `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	require.NoError(t, json.Unmarshal(r.body, &got), "%s", r.body)
	if len(got.Errors) == 0 {
		return ""
	}
	return got.Errors[0].Extensions.Code
}

type found struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Custom struct {
		Number string `json:"channelOrderNumber"`
	} `json:"customFields"`
}

// orders finds orders.
func (c *client) orders(number string) []found {
	c.t.Helper()
	got := c.send(findDocument, map[string]any{"number": number})
	require.Empty(c.t, got.code(c.t))
	return got.orders(c.t)
}

func (r reply) orders(t *testing.T) []found {
	t.Helper()
	var answer struct {
		Data struct {
			Orders struct {
				Items []found `json:"items"`
			} `json:"orders"`
		} `json:"data"`
	}
	require.NoError(t, json.Unmarshal(r.body, &answer))
	return answer.Data.Orders.Items
}

func (c *client) orderID(number string) string {
	c.t.Helper()
	orders := c.orders(number)
	require.Len(c.t, orders, 1)
	return orders[0].ID
}

func (c *client) cancel(id string) {
	c.t.Helper()
	got := c.send(cancelDocument, map[string]any{"id": id})
	require.JSONEq(c.t, `{"data":{"cancelOrder":{"__typename":"Order","state":"Cancelled"}}}`, string(got.body))
}

func (c *client) ship(fulfillment string) {
	c.t.Helper()
	got := c.send(shipDocument, map[string]any{"id": fulfillment})
	require.JSONEq(c.t, `{"data":{"transitionFulfillmentToState":{"__typename":"Fulfillment","state":"Shipped"}}}`, string(got.body))
}
