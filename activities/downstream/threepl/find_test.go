package threepl_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

func TestFindKeepsToTheScope(t *testing.T) {
	t.Parallel()

	inEast := func(c *threepl.Config) { c.FacilityID = threepltest.FacilityID }
	for _, filter := range []string{"obeyed", "ignored"} {
		t.Run("filter "+filter, func(t *testing.T) {
			t.Parallel()

			system := threepltest.New(t)
			system.Faults().IgnoreFilter(filter == "ignored")
			system.Add(threepltest.Order{Number: "218", CustomerID: 99})
			west := system.Add(threepltest.Order{Number: "218", FacilityID: 4})
			anywhere, east := newAdapter(t, system, nil), newAdapter(t, system, inEast)

			got, err := anywhere.Find(t.Context(), "218")
			require.NoError(t, err, "another customer's order of this number is no concern")
			require.Equal(t, west, got.ID)
			_, err = east.Find(t.Context(), "218")
			requireKind(t, downstream.NotFound, err)

			ours := system.Add(threepltest.Order{Number: "218", FullyAllocated: true})
			_, err = anywhere.Find(t.Context(), "218")
			requireKind(t, downstream.Ambiguous, err)
			got, err = east.Find(t.Context(), "218")
			require.NoError(t, err)
			require.Equal(t, ours, got.ID)
		})
	}
}

func TestChangesKeepToTheScope(t *testing.T) {
	t.Parallel()

	system := threepltest.New(t)
	id := system.Add(threepltest.Order{Number: "218", CustomerID: 99, FullyAllocated: true})
	foreign, ok := system.Order("218")
	require.True(t, ok)
	adapter := newAdapter(t, system, nil)
	_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: downstream.Target{
		OrderID: id, Number: "218", Version: foreign.Version, IdempotencyKey: "k",
	}})
	requireKind(t, downstream.Malformed, err)
	require.Empty(t, system.Effects())
}

func TestProbeSeesAnIgnoredFilter(t *testing.T) {
	t.Parallel()

	system := threepltest.New(t)
	adapter := newAdapter(t, system, nil)
	system.Add(threepltest.Order{Number: "1", CustomerID: 99})
	require.NoError(t, adapter.Probe(t.Context()), "a customer without orders")
	system.Faults().IgnoreFilter(true)
	requireKind(t, downstream.Malformed, adapter.Probe(t.Context()))
}

// TestFindNumbersThatMeanSomething looks for numbers that a filter would take
// for more than text, among others that they would match.
func TestFindNumbersThatMeanSomething(t *testing.T) {
	t.Parallel()

	numbers := []string{"21*", "*", "2,1", "2;1==1", "(218)", "!218", "100%", "%2A", "a=b", "ä & ö", "2 1", "21+8", "O'Neil"}
	system := threepltest.New(t)
	_, err := system.AddOrder("218", threepl.StatusAllocated)
	require.NoError(t, err)
	adapter := newAdapter(t, system, nil)
	for _, number := range numbers {
		_, err := adapter.Find(t.Context(), number)
		requireKind(t, downstream.NotFound, err)
	}
	for _, number := range numbers {
		id, err := system.AddOrder(number, threepl.StatusAllocated)
		require.NoError(t, err)
		got, err := adapter.Find(t.Context(), number)
		require.NoError(t, err, number)
		require.Equal(t, id, got.ID, number)
	}
}

func TestWhatASearchSends(t *testing.T) {
	t.Parallel()

	adapter, seen := watch(t, map[string]reply{"GET /orders": {body: pageJSON(0, "")}})
	_, err := adapter.Find(t.Context(), "a*b")
	requireKind(t, downstream.NotFound, err)
	all := seen.list()
	require.Len(t, all, 2)
	user, password, ok := basic(all[0].header.Get("Authorization"))
	require.True(t, ok)
	require.Equal(t, validConfig().ClientID, user)
	require.Equal(t, secret, password)
	require.JSONEq(t, `{"grant_type":"client_credentials","user_login":"bridge"}`, all[0].body)
	require.Equal(t, "Bearer t0ken", all[1].header.Get("Authorization"))
	require.Equal(t, "application/hal+json", all[1].header.Get("Accept"))
	query, err := url.ParseQuery(all[1].query)
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"rql": {"referenceNum==a%2Ab;readonly.customeridentifier.id==12"}, "pgsiz": {"100"}, "pgnum": {"1"},
	}, query, "a parameter that the API does not know would be ignored")
}

func TestFindPages(t *testing.T) {
	t.Parallel()

	stock := func(t *testing.T, orders int) (*threepltest.System, *threepl.Adapter) {
		t.Helper()
		system := threepltest.New(t)
		for i := range orders {
			system.Add(threepltest.Order{Number: strconv.Itoa(10000 + i)})
		}
		system.Faults().IgnoreFilter(true)
		return system, newAdapter(t, system, nil)
	}

	t.Run("the order is on the last page", func(t *testing.T) {
		t.Parallel()

		_, adapter := stock(t, 1000)
		got, err := adapter.Find(t.Context(), "10999")
		require.NoError(t, err)
		require.Equal(t, "10999", got.Number)
	})

	t.Run("its double is on another page", func(t *testing.T) {
		t.Parallel()

		system, adapter := stock(t, 150)
		system.Add(threepltest.Order{Number: "10000"})
		_, err := adapter.Find(t.Context(), "10000")
		requireKind(t, downstream.Ambiguous, err)
	})

	t.Run("there are more than can be read", func(t *testing.T) {
		t.Parallel()

		_, adapter := stock(t, 1001)
		_, err := adapter.Find(t.Context(), "10000")
		e := failure(t, downstream.Malformed, err)
		require.Contains(t, e.Detail, "ignore the filter")
	})
}

func TestUnusableSearches(t *testing.T) {
	t.Parallel()

	open := orderJSON("218", `,"status":0`)
	for name, answer := range map[string]reply{
		"empty":                 {},
		"text":                  {body: private},
		"something behind":      {body: pageJSON(0, "") + private},
		"a login page":          {body: pageJSON(1, open), media: "text/html"},
		"no total":              {body: `{"_embedded":{}}`},
		"total of another kind": {body: `{"totalResults":"` + private + `"}`},
		"total too small":       {body: pageJSON(0, open)},
		"total, but no orders":  {body: `{"totalResults":1,"ResourceList":[` + open + `]}`},
		"number as number":      {body: pageJSON(1, `{"referenceNum":218}`)},
		"no id":                 {body: pageJSON(1, `{"referenceNum":"218","readOnly":{"customerIdentifier":{"id":12}}}`)},
		"no customer":           {body: pageJSON(1, `{"referenceNum":"218","readOnly":{"orderId":7}}`)},
		"too long":              {body: pageJSON(1, open) + strings.Repeat(" ", 8<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, map[string]reply{
				"GET /orders": answer, "GET /orders/7": {body: open},
			})
			_, err := adapter.Find(t.Context(), "218")
			requireKind(t, downstream.Malformed, err)
		})
	}
}
