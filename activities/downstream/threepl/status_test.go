package threepl_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
)

func TestStatuses(t *testing.T) {
	t.Parallel()

	for _, s := range threepl.Statuses() {
		require.True(t, downstream.ValidStatusName(s.Name), s.Name)
		require.NotEmpty(t, s.Description, s.Name)
		require.NotEqual(t, downstream.PhaseUnprocessed, s.Phase, s.Name)
	}
}

func TestStatusOfAnOrder(t *testing.T) {
	t.Parallel()

	for flags, want := range map[string]string{
		`"status":0`: threepl.StatusUnallocated,
		`"status":0,"fullyAllocated":false,"pickStarted":null,"packStarted":null`:            threepl.StatusUnallocated,
		`"status":0,"fullyAllocated":true,"pickStarted":"0001-01-01T00:00:00"`:               threepl.StatusAllocated,
		`"status":0,"fullyAllocated":true,"pickStarted":""`:                                  threepl.StatusAllocated,
		`"status":0,"fullyAllocated":true,"onHoldDate":"2026-03-04T09:30:00"`:                threepl.StatusOnHold,
		`"status":0,"fullyAllocated":false,"onHoldDate":"2026-03-04T09:30:00"`:               threepl.StatusOnHold,
		`"status":0,"onHoldDate":"2026-03-04T09:30:00","pickStarted":"2026-03-04T09:31:00"`:  threepl.StatusPicking,
		`"status":0,"pickStarted":"2026-03-04T09:30:00","packStarted":"2026-03-04T09:31:00"`: threepl.StatusPacking,
		`"status":0,"packStarted":true`:                                                      threepl.StatusPacking,
		`"status":1,"isClosed":true,"pickStarted":"2026-03-04"`:                              threepl.StatusClosed,
		`"status":1`:                 threepl.StatusClosed,
		`"status":0,"isClosed":true`: threepl.StatusClosed,
		`"status":2`:                 threepl.StatusCanceled,
		`"status":2,"isClosed":true`: threepl.StatusCanceled,
	} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, map[string]reply{
				"GET /orders":   {body: pageJSON(1, orderJSON("218", ","+flags))},
				"GET /orders/7": {body: orderJSON("218", ","+flags)},
			})
			got, err := adapter.Find(t.Context(), "218")
			require.NoError(t, err)
			require.Equal(t, want, got.Status.Name)
			require.Contains(t, threepl.Statuses(), got.Status)
		})
	}
}

func TestUnusableOrders(t *testing.T) {
	t.Parallel()

	open := orderJSON("218", `,"status":0`)
	for name, answer := range map[string]reply{
		"no status":        {body: orderJSON("218", "")},
		"unknown status":   {body: orderJSON("218", `,"status":3`)},
		"status as a word": {body: orderJSON("218", `,"status":"`+private+`"`)},
		"another number":   {body: orderJSON("219", `,"status":0`)},
		"another id":       {body: strings.Replace(open, `"orderId":7`, `"orderId":8`, 1)},
		"another customer": {body: strings.Replace(open, `{"id":12}`, `{"id":13}`, 1)},
		"no ETag":          {body: open, etag: "-"},
		"ETag unquoted":    {body: open, etag: "v1"},
		"no body":          {status: 204},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, map[string]reply{
				"GET /orders": {body: pageJSON(1, open)}, "GET /orders/7": answer,
			})
			_, err := adapter.Find(t.Context(), "218")
			requireKind(t, downstream.Malformed, err)
		})
	}

	t.Run("gone since the search", func(t *testing.T) {
		t.Parallel()

		adapter := serve(t, map[string]reply{"GET /orders": {body: pageJSON(1, open)}})
		_, err := adapter.Find(t.Context(), "218")
		requireKind(t, downstream.NotFound, err)
	})
}

// basic reads a Basic Authorization header.
func basic(header string) (user, password string, ok bool) {
	encoded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}
