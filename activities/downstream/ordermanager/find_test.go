package ordermanager_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager/ordermanagertest"
)

func TestFindKeepsToTheSalesChannel(t *testing.T) {
	t.Parallel()

	const other = ordermanagertest.SalesChannelID + 1
	setup := func(t *testing.T) (*ordermanagertest.System, *ordermanager.Adapter) {
		t.Helper()
		f := newFixture(t)
		f.system.AddOrderOf(other, "218", "SHIPPED")
		return f.system, f.adapter
	}

	for name, ignored := range map[string]bool{"filters work": false, "filters are ignored": true} {
		t.Run("only another channel has the number, "+name, func(t *testing.T) {
			t.Parallel()

			system, adapter := setup(t)
			system.Faults().IgnoreFilters(ignored)
			_, err := adapter.Find(t.Context(), "218")
			require.Equal(t, downstream.NotFound, failure(t, err).Kind)
		})

		t.Run("both channels have the number, "+name, func(t *testing.T) {
			t.Parallel()

			system, adapter := setup(t)
			system.Faults().IgnoreFilters(ignored)
			id := system.AddOrder("218", "ON_HOLD")
			got, err := adapter.Find(t.Context(), "218")
			require.NoError(t, err)
			require.Equal(t, strconv.FormatInt(id, 10), got.ID)
			require.Equal(t, "On Hold", got.Status.Name)
		})
	}

	t.Run("an order that has moved to another channel is not changed", func(t *testing.T) {
		t.Parallel()

		system, adapter := setup(t)
		order, ok := system.Order("218")
		require.True(t, ok)
		_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: downstream.Target{
			OrderID: strconv.FormatInt(order.ID, 10), Number: "218", Version: "v", IdempotencyKey: "k",
		}})
		require.Equal(t, downstream.Malformed, failure(t, err).Kind)
		require.Empty(t, system.Effects())
	})

	t.Run("an order that does not say where it is from", func(t *testing.T) {
		t.Parallel()

		adapter := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			reply(w, `[{"orderId":7,"orderNumber":"218","orderStatus":"ON_HOLD","modifiedDate":"d"}]`)
		})
		_, err := adapter.Find(t.Context(), "218")
		e := failure(t, err)
		require.Equal(t, downstream.Malformed, e.Kind)
		require.Contains(t, e.Detail, "sales channel")
	})

	t.Run("the other names of the fields", func(t *testing.T) {
		t.Parallel()

		adapter := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			reply(w, `[{"orderId":7,"orderNumber":"218","status":"Awaiting_Shipment","salesChannelId":"4711"}]`)
		})
		got, err := adapter.Find(t.Context(), "218")
		require.NoError(t, err)
		require.Equal(t, "Awaiting Shipment", got.Status.Name)
		require.NotEmpty(t, got.Version)
	})
}

func TestFindPages(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T, orders int) *fixture {
		t.Helper()
		f := newFixture(t)
		for i := range orders {
			f.system.AddOrder(strconv.Itoa(10000+i), "ON_HOLD")
		}
		f.system.Faults().IgnoreFilters(true)
		return f
	}

	t.Run("the order is on the last page", func(t *testing.T) {
		t.Parallel()

		got, err := setup(t, 250).adapter.Find(t.Context(), "10249")
		require.NoError(t, err)
		require.Equal(t, "10249", got.Number)
	})

	t.Run("the last page is full", func(t *testing.T) {
		t.Parallel()

		got, err := setup(t, 200).adapter.Find(t.Context(), "10199")
		require.NoError(t, err)
		require.Equal(t, "10199", got.Number)
	})

	t.Run("its double is on another page", func(t *testing.T) {
		t.Parallel()

		f := setup(t, 150)
		f.system.AddOrder("10000", "SHIPPED")
		_, err := f.adapter.Find(t.Context(), "10000")
		require.Equal(t, downstream.Ambiguous, failure(t, err).Kind)
	})

	t.Run("there are more than are read", func(t *testing.T) {
		t.Parallel()

		_, err := setup(t, 1000).adapter.Find(t.Context(), "10000")
		e := failure(t, err)
		require.Equal(t, downstream.Malformed, e.Kind, "one match proves nothing while others may follow")
		require.Contains(t, e.Detail, "ignore the number")
	})
}

func TestUnknownStatus(t *testing.T) {
	t.Parallel()

	for status, quoted := range map[string]bool{"QUARANTINED": true, ordermanagertest.Private: false, "": false} {
		t.Run(fmt.Sprintf("%q", status), func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			f.system.AddOrder("218", status)
			f.system.AddOrder("219", "ON_HOLD")
			_, err := f.adapter.Find(t.Context(), "218")
			e := failure(t, err)
			require.Equal(t, downstream.Malformed, e.Kind)
			require.Equal(t, "218", e.Order)
			require.Contains(t, e.Advice, "look at the order in Order Manager")
			if quoted {
				require.Contains(t, e.Detail, status)
			}
			_, err = f.adapter.Find(t.Context(), "219")
			require.NoError(t, err, "other orders are not affected")
		})
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()

	got, err := newFixture(t).adapter.Statuses(t.Context())
	require.NoError(t, err)
	require.Len(t, got, len(codes))
	phases := map[downstream.Phase][]string{}
	for _, s := range got {
		require.Contains(t, codes, s.Name)
		require.True(t, downstream.ValidStatusName(s.Name))
		require.NotEmpty(t, s.Description)
		phases[s.Phase] = append(phases[s.Phase], s.Name)
	}
	require.Equal(t, []string{"SKU Unprocessed"}, phases[downstream.PhaseUnprocessed])
	require.Equal(t, []string{"Shipped"}, phases[downstream.PhaseFulfilled])
	require.Equal(t, []string{"Canceled"}, phases[downstream.PhaseCancelled])
	require.Equal(t, []string{"Processed Outside of Skubana"}, phases[downstream.PhaseClosed])
}
