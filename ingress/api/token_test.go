package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/ingress/api"
)

func TestParseTokens(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("hunter2.", 4) // 32 characters
	for name, tc := range map[string]struct {
		text string
		none bool
		says []string // none: it can be used
	}{
		"nothing":           {text: "", none: true},
		"white space":       {text: " \n\r\n , ", none: true},
		"one":               {text: "ops:change:" + long},
		"lines":             {text: "ops:change:" + long + "\r\nwatcher-2:view:" + long + "x\n"},
		"commas":            {text: "ops:change:" + long + ", watcher:view:" + long + "x,"},
		"two of one name":   {text: "ops:change:" + long + ",ops:change:" + long + "x"},
		"base64":            {text: "ops:change:" + strings.Repeat("hunter2+", 5) + "/A=="},
		"no parts":          {text: long, says: []string{"entry 1 must look like name:role:token"}},
		"two parts":         {text: "ops:" + long, says: []string{"entry 1 must look like name:role:token"}},
		"no name":           {text: ":change:" + long, says: []string{"entry 1 must begin with a name"}},
		"capitals":          {text: "Ops:change:" + long, says: []string{"entry 1 must begin with a name"}},
		"a long name":       {text: strings.Repeat("o", 41) + ":change:" + long, says: []string{"entry 1 must begin with a name"}},
		"another role":      {text: "ops:hunter2:" + long, says: []string{"entry 1 must have the role view or change"}},
		"a short token":     {text: "ops:change:" + long[1:], says: []string{"entry 1 must have a token of at least 32 characters"}},
		"a token with a ;":  {text: "ops:change:" + long + ";", says: []string{"entry 1 must have a token of letters"}},
		"a token too long":  {text: "ops:change:" + strings.Repeat(long, 20), says: []string{"entry 1 must have a token of letters"}},
		"the same token":    {text: "ops:change:" + long + ",watcher:view:" + long, says: []string{"entry 2 has the token of an earlier entry"}},
		"several, at once":  {text: "a\n\nops:change:" + long + "\nb:view:c", says: []string{"entry 1 must look", "entry 3 must have a token of at least"}},
		"a name that is no": {text: long + ":view:" + long, says: []string{"entry 1 must begin with a name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens, err := api.ParseTokens(tc.text)
			for _, dump := range []string{fmt.Sprint(tokens), fmt.Sprintf("%+v %#v", tokens, tokens), fmt.Sprint(err)} {
				require.NotContains(t, dump, "hunter2", "a token may stand anywhere in a mistake")
			}
			if tc.says == nil {
				require.NoError(t, err)
				require.Equal(t, tc.none, tokens.None())
				return
			}
			require.True(t, tokens.None())
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(tc.says), "one mistake, one line")
			for i, says := range tc.says {
				require.Contains(t, lines[i], says)
			}
		})
	}
}

func TestNewRefusesWhatIsNotComplete(t *testing.T) {
	t.Parallel()
	_, err := api.New(api.Config{Operator: newOffice()})
	require.ErrorContains(t, err, "needs tokens")
}

func TestCallsWithoutAValidToken(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"none":             "",
		"empty":            "Bearer ",
		"wrong":            "Bearer " + strings.Repeat("x", 40),
		"cut":              "Bearer " + changeToken[1:],
		"with more":        "Bearer " + changeToken + "0",
		"another scheme":   "Basic " + changeToken,
		"no scheme":        changeToken,
		"a space too many": "Bearer  " + changeToken,
		"a name":           "Bearer ops:change:" + changeToken,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			for _, path := range []string{"/channels", "/channels/main", "/nowhere", ""} {
				answer := f.send(http.MethodGet, path, "", with("Authorization", header))
				require.Equal(t, http.StatusUnauthorized, answer.status, "also where there is nothing: a stranger learns nothing")
				require.Contains(t, answer.header.Get("WWW-Authenticate"), "Bearer")
				require.Equal(t, "urn:orderbridge:problem:unauthorized", answer.problem(t).Type)
				require.Empty(t, answer.header.Get("Orderbridge"), "only callbacks are marked")
			}
			require.Empty(t, f.office.calls)
			require.Contains(t, f.log.String(), `"address":"127.0.0.1"`)
			if len(header) > 10 {
				require.NotContains(t, f.log.String(), header[8:])
			}
		})
	}
}

func TestSchemeInAnyCase(t *testing.T) {
	t.Parallel()
	f := setup(t)
	answer := f.send(http.MethodGet, "/channels", "", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+viewToken)
	})
	require.Equal(t, http.StatusOK, answer.status)
}

func TestFailedCallsAreLimited(t *testing.T) {
	t.Parallel()
	f := setup(t)
	from := func(address string) int {
		return f.send(http.MethodGet, "/channels", "", token("no"), with(remoteHeader, address)).status
	}
	for range 10 {
		require.Equal(t, http.StatusUnauthorized, from("192.0.2.7:1"))
	}
	answer := f.send(http.MethodGet, "/channels", "", token("no"), with(remoteHeader, "192.0.2.7:2"))
	require.Equal(t, http.StatusTooManyRequests, answer.status, "another port is the same address")
	require.Equal(t, "6", answer.header.Get("Retry-After"))
	require.Equal(t, 10, strings.Count(f.log.String(), "without a valid token"), "the log does not fill up")
	require.Equal(t, http.StatusTooManyRequests, from("[::ffff:192.0.2.7]:3"), "the same address, written in another way")
	require.Equal(t, http.StatusUnauthorized, from("192.0.2.8:1"), "others are not concerned")
	require.Equal(t, http.StatusOK, f.send(http.MethodGet, "/channels", "", with(remoteHeader, "192.0.2.7:1")).status,
		"whoever has a token is not locked out by strangers behind the same proxy")

	for i := range 10 {
		require.Equal(t, http.StatusUnauthorized, from(fmt.Sprintf("[2001:db8::%x]:1", i)))
	}
	require.Equal(t, http.StatusTooManyRequests, from("[2001:db8::ffff]:1"), "one subscriber has a whole network")
	require.Equal(t, http.StatusUnauthorized, from("[2001:db8:0:1::1]:1"))
	require.Equal(t, http.StatusUnauthorized, from("nonsense"))
}

func TestFailedCallsFillNoMemory(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range api.MaxAddresses + 100 {
		recorder := record(f, fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255))
		require.Equal(t, http.StatusUnauthorized, recorder.Code)
	}
	require.Equal(t, api.MaxAddresses, f.api.Addresses())
}
