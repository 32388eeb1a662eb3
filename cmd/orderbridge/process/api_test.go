package process_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// apiToken is a token that no installation has.
const apiToken = "hunter2-0123456789abcdef0123456789abcdef"

func TestLoadReadsAPITokens(t *testing.T) {
	t.Parallel()
	tokens := "alice:change:" + apiToken + "\nwatcher:view:" + apiToken + "2"
	config, err := process.Load(with("ORDERBRIDGE_API_TOKENS_FILE=" + file(t, tokens+"\n")))
	require.NoError(t, err)
	require.Equal(t, tokens, config.Ingress.APITokens)

	_, err = process.Load(with("ORDERBRIDGE_LOG_FORMAT=xml", "ORDERBRIDGE_API_TOKENS=alice:admin:"+apiToken+",bob:view:hunter2"))
	require.ErrorContains(t, err, "ORDERBRIDGE_API_TOKENS: entry 1 must have the role view or change")
	require.ErrorContains(t, err, "ORDERBRIDGE_API_TOKENS: entry 2 must have a token of at least 32 characters")
	require.ErrorContains(t, err, "ORDERBRIDGE_LOG_FORMAT")
	require.NotContains(t, err.Error(), "hunter2")
}

// TestRunOffersTheOperatorAPI shows where the API is, and that it says so when
// Temporal is not there.
func TestRunOffersTheOperatorAPI(t *testing.T) {
	t.Parallel()
	r := start(t, process.Roles{Ingress: true}, environ(nowhere(t), "ORDERBRIDGE_API_TOKENS=alice:change:"+apiToken))
	call := func(address, path, token string) (status int, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/api/v1"+path, http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		return r.do(req)
	}
	status, body := call(r.ingress, "/openapi.yaml", apiToken)
	require.Equal(t, http.StatusOK, status)
	require.True(t, strings.HasPrefix(body, "openapi: 3.1.0\n"))
	status, body = call(r.ingress, "/channels/main", apiToken)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, "urn:orderbridge:problem:unavailable")
	require.NotContains(t, body, "127.0.0.1", "what goes wrong inside is for the log")
	status, _ = call(r.ingress, "/channels/main", apiToken[1:])
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = call(r.ops, "/openapi.yaml", apiToken)
	require.Equal(t, http.StatusNotFound, status, "it is not for whoever may read metrics")
	r.stop()
	require.NotContains(t, r.log.String(), apiToken[1:])
}
