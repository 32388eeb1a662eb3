package overhttp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// listed is an order of a search.
type listed struct{ id, number string }

func TestFind(t *testing.T) {
	t.Parallel()

	wanted := listed{"7", "218"}
	for name, c := range map[string]struct {
		number string
		pages  [][]listed
		kind   downstream.Kind
	}{
		"only one":            {"218", [][]listed{{wanted}}, ""},
		"padded":              {" 218\n", [][]listed{{wanted}}, ""},
		"among others":        {"218", [][]listed{{{"1", "2180"}, wanted}, {{"2", "1218"}}}, ""},
		"on the last page":    {"218", [][]listed{{{"1", "1"}}, {}, {wanted}}, ""},
		"twice the same":      {"218", [][]listed{{wanted}, {wanted}}, ""},
		"two":                 {"218", [][]listed{{wanted, {"8", "218"}}}, downstream.Ambiguous},
		"two on two pages":    {"218", [][]listed{{wanted}, {{"8", "218"}}}, downstream.Ambiguous},
		"none":                {"218", [][]listed{{}}, downstream.NotFound},
		"only others":         {"218", [][]listed{{{"1", "2180"}}}, downstream.NotFound},
		"an odd one":          {"218", [][]listed{{{"odd", "1"}}}, downstream.Malformed},
		"more pages than may": {"218", [][]listed{{wanted}, {}, {}, {}}, downstream.Malformed},
		"no number":           {" ", nil, downstream.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, answering(200, "application/json", `{}`))
			order, err := overhttp.Find(t.Context(), b.client, overhttp.Search[listed]{
				Number:   c.number,
				MaxPages: 3,
				Page: func(_ context.Context, call overhttp.Call, number string, page int) ([]listed, bool, error) {
					require.Equal(t, overhttp.Call{Name: "find order", Order: "218"}, call)
					require.Equal(t, "218", number)
					return c.pages[page-1], page < len(c.pages), nil
				},
				Match: func(o listed, number string) (string, error) {
					switch {
					case o.id == "odd":
						return "", errors.New("an order is odd")
					case o.number == number:
						return o.id, nil
					default:
						return "", nil
					}
				},
				Ambiguous: "renumber one", Missing: "look for it",
			})
			if c.kind != "" {
				requireKind(t, c.kind, err)
				require.Zero(t, order)
				return
			}
			require.NoError(t, err)
			require.Equal(t, wanted, order)
		})
	}
	t.Run("a page that fails", func(t *testing.T) {
		t.Parallel()

		b := setup(t, answering(200, "application/json", `{}`))
		_, err := overhttp.Find(t.Context(), b.client, overhttp.Search[listed]{
			Number: "218", MaxPages: 1,
			Page: func(_ context.Context, call overhttp.Call, _ string, _ int) ([]listed, bool, error) {
				return nil, false, b.client.Fail(call, downstream.RateLimited, "wait", "wait")
			},
		})
		requireKind(t, downstream.RateLimited, err)
	})
}
