package threepltest_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

// client speaks to a stand-in without the adapter.
type client struct {
	t      *testing.T
	system *threepltest.System
	token  string
}

// connect adds order 218, which is allocated (id 17021001), after it a closed,
// a canceled and an unallocated one, and fetches a token.
func connect(t *testing.T) *client {
	t.Helper()
	c := &client{t: t, system: threepltest.New(t)}
	_, err := c.system.AddOrder("218", threepl.StatusAllocated)
	require.NoError(t, err)
	for _, status := range []string{threepl.StatusClosed, threepl.StatusCanceled, threepl.StatusUnallocated} {
		_, err := c.system.AddOrder("of "+status, status)
		require.NoError(t, err)
	}
	status, _, body := c.send(http.MethodPost, "/AuthServer/api/Token", c.tokenRequest("client_credentials"), nil)
	require.Equal(t, http.StatusOK, status)
	var got struct {
		Token     string `json:"access_token"`
		ExpiresIn int    `json:"expires_in"`
	}
	require.NoError(t, json.Unmarshal(body, &got))
	require.Equal(t, 3600, got.ExpiresIn)
	c.token = got.Token
	return c
}

func (c *client) tokenRequest(grant string) string {
	return `{"grant_type":"` + grant + `","user_login":"` + c.system.UserLogin + `"}`
}

func (c *client) send(method, path, body string, header http.Header) (status int, etag string, answer []byte) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.system.URL+path, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/json")
	if c.token == "" {
		req.SetBasicAuth(c.system.ClientID, c.system.ClientSecret)
	} else {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	maps.Copy(req.Header, header)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer func() { require.NoError(c.t, resp.Body.Close()) }()
	answer, err = io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return resp.StatusCode, resp.Header.Get("ETag"), answer
}

func TestChangesAreStrict(t *testing.T) {
	t.Parallel()

	const open, closed, canceled, unallocated = "17021001", "17021002", "17021003", "17021004"
	for _, e := range []struct {
		name, path, body string
		header           http.Header // replaces headers of a correct request; nil values remove them
		status           int
		code             string
	}{
		{"cancel", open + "/canceler", `{"reason":"x"}`, nil, 204, ""},
		{"cancel without reason", open + "/canceler", `{}`, nil, 400, "Required"},
		{"cancel without version", open + "/canceler", `{"reason":"x"}`, http.Header{"If-Match": nil}, 428, ""},
		{"cancel an old version", open + "/canceler", `{"reason":"x"}`, http.Header{"If-Match": {`"old"`}}, 412, ""},
		{"cancel any version", open + "/canceler", `{"reason":"x"}`, http.Header{"If-Match": {"*"}}, 412, ""},
		{"cancel an old version without reason", open + "/canceler", `{}`, http.Header{"If-Match": {`"old"`}}, 412, ""},
		{"cancel at length", open + "/canceler", `{"reason":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 400, "ValueNotSupported"},
		{"cancel nothing", "1/canceler", `{"reason":"x"}`, nil, 404, ""},
		{"cancel without token", open + "/canceler", `{"reason":"x"}`, http.Header{"Authorization": nil}, 401, ""},
		{"cancel in another language", open + "/canceler", `reason=x`, http.Header{"Content-Type": {"text/plain"}}, 400, "ValueNotSupported"},
		{"cancel a closed order", closed + "/canceler", `{"reason":"x"}`, nil, 403, "OrderConfirmed"},
		{"cancel a canceled order", canceled + "/canceler", `{"reason":"x"}`, nil, 403, "OrderCanceled"},
		{"cancel an unallocated order", unallocated + "/canceler", `{"reason":"x"}`, nil, 204, ""},
		{"confirm", open + "/confirmer", `{"trackingNumber":"1Z"}`, nil, 204, ""},
		{"confirm an unallocated order", unallocated + "/confirmer", `{}`, nil, 403, "NotFullyAllocated"},
		{"confirm a closed order", closed + "/confirmer", `{}`, nil, 403, "OrderConfirmed"},
		{"confirm a canceled order", canceled + "/confirmer", `{}`, nil, 403, "OrderCanceled"},
		{"confirm in the past", open + "/confirmer", `{"confirmDate":"2020-01-02T03:04:05"}`, nil, 204, ""},
		{"confirm in the future", open + "/confirmer", `{"confirmDate":"2999-01-02T03:04:05"}`, nil, 403, "DateInFuture"},
		{"confirm on no day", open + "/confirmer", `{"confirmDate":"soon"}`, nil, 400, "ValueNotSupported"},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()

			c := connect(t)
			id, _, _ := strings.Cut(e.path, "/")
			_, etag, _ := c.send(http.MethodGet, "/orders/"+id, "", nil)
			header := http.Header{"If-Match": {etag}}
			maps.Copy(header, e.header)
			status, _, body := c.send(http.MethodPost, "/orders/"+e.path, e.body, header)
			require.Equal(t, e.status, status, "%s", body)
			if e.code != "" {
				var got struct {
					Type string `json:"$type"`
					Code string `json:"ErrorCode"`
				}
				require.NoError(t, json.Unmarshal(body, &got))
				require.Equal(t, e.code, got.Code)
				require.Contains(t, got.Type, "WMS.V2.Generic.Models.Exceptions.")
			} else {
				require.Empty(t, body)
			}
			if e.status == http.StatusNoContent {
				require.Len(t, c.system.Effects(), 1)
				_, after, _ := c.send(http.MethodGet, "/orders/"+id, "", nil)
				require.NotEqual(t, etag, after)
			} else {
				require.Empty(t, c.system.Effects())
			}
		})
	}
}

func TestSearches(t *testing.T) {
	t.Parallel()

	for _, e := range []struct {
		name   string
		query  url.Values
		status int
		total  int
	}{
		{"everything", nil, 200, 4},
		{"misspelt parameter", url.Values{"rlq": {"referenceNum==218"}}, 200, 4},
		{"parameter that is none", url.Values{"customerid": {"99"}}, 200, 4},
		{"number", url.Values{"rql": {"referenceNum==218"}}, 200, 1},
		{"number in other case", url.Values{"rql": {"REFERENCENUM==OF CLOSED"}}, 200, 1},
		{"beginning", url.Values{"rql": {"referenceNum==of*"}}, 200, 3},
		{"end", url.Values{"rql": {"referenceNum==*8"}}, 200, 1},
		{"middle", url.Values{"rql": {"referenceNum==*: un*"}}, 200, 1},
		{"asterisk as text", url.Values{"rql": {"referenceNum==of%2A"}}, 200, 0},
		{"customer", url.Values{"rql": {"readonly.customeridentifier.id==12"}}, 200, 4},
		{"another customer", url.Values{"rql": {"referenceNum==218;readonly.customeridentifier.id==99"}}, 200, 0},
		{"another facility", url.Values{"rql": {"readonly.facilityidentifier.id==4"}}, 200, 0},
		{"unknown property", url.Values{"rql": {"gorp==1"}}, 400, 0},
		{"no comparison", url.Values{"rql": {"gorp"}}, 400, 0},
		{"wildcard in the middle", url.Values{"rql": {"referenceNum==2*8"}}, 400, 0},
		{"customer that is no number", url.Values{"rql": {"readonly.customeridentifier.id==acme"}}, 400, 0},
		{"page too large", url.Values{"pgsiz": {"1001"}}, 400, 0},
		{"page before the first", url.Values{"pgnum": {"0"}}, 400, 0},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()

			status, _, body := connect(t).send(http.MethodGet, "/orders?"+e.query.Encode(), "", nil)
			require.Equal(t, e.status, status, "%s", body)
			if e.status != http.StatusOK {
				return
			}
			var got struct {
				Total    int                          `json:"totalResults"`
				Embedded map[string][]json.RawMessage `json:"_embedded"`
			}
			require.NoError(t, json.Unmarshal(body, &got))
			require.Equal(t, e.total, got.Total)
			require.Len(t, got.Embedded["http://api.3plCentral.com/rels/orders/order"], e.total)
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()

	t.Run("other grant", func(t *testing.T) {
		t.Parallel()

		c := &client{t: t, system: threepltest.New(t)}
		status, _, _ := c.send(http.MethodPost, "/AuthServer/api/Token", c.tokenRequest("password"), nil)
		require.Equal(t, http.StatusBadRequest, status)
	})

	t.Run("not JSON", func(t *testing.T) {
		t.Parallel()

		c := &client{t: t, system: threepltest.New(t)}
		status, _, _ := c.send(http.MethodPost, "/AuthServer/api/Token", "grant_type=client_credentials", nil)
		require.Equal(t, http.StatusBadRequest, status)
	})

	t.Run("grows old", func(t *testing.T) {
		t.Parallel()

		now := time.Date(2026, time.March, 4, 9, 0, 0, 0, time.UTC)
		system := threepltest.New(t, threepltest.WithTokenLife(time.Minute), threepltest.WithClock(func() time.Time { return now }))
		c := &client{t: t, system: system}
		_, _, body := c.send(http.MethodPost, "/AuthServer/api/Token", c.tokenRequest("client_credentials"), nil)
		var got map[string]any
		require.NoError(t, json.Unmarshal(body, &got))
		token, ok := got["access_token"].(string)
		require.True(t, ok)
		c.token = token
		status, _, _ := c.send(http.MethodGet, "/orders", "", nil)
		require.Equal(t, http.StatusOK, status)
		now = now.Add(time.Minute)
		status, _, _ = c.send(http.MethodGet, "/orders", "", nil)
		require.Equal(t, http.StatusUnauthorized, status)
	})
}

func TestBackDoor(t *testing.T) {
	t.Parallel()

	t.Run("what does not exist", func(t *testing.T) {
		t.Parallel()

		system := threepltest.New(t)
		_, err := system.AddOrder("218", "Elsewhere")
		require.Error(t, err)
		require.Error(t, system.SetStatus("1", threepl.StatusClosed))
		id, err := system.AddOrder("218", threepl.StatusAllocated)
		require.NoError(t, err)
		require.Error(t, system.SetStatus(id, "Elsewhere"))
		_, ok := system.Order("219")
		require.False(t, ok)
	})

	t.Run("waits for effects until its end", func(t *testing.T) {
		t.Parallel()

		ctx, cancel := context.WithCancel(t.Context())
		system, err := threepltest.Start(ctx)
		require.NoError(t, err)
		effects, err := system.WaitEffects(ctx, 0)
		require.NoError(t, err)
		require.Empty(t, effects)
		cancel()
		_, err = system.WaitEffects(t.Context(), 1)
		require.ErrorContains(t, err, "0 of 1")
		system.Close()
	})
}
