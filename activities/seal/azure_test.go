package seal_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/stretchr/testify/require"
	"gocloud.dev/secrets"
	"gocloud.dev/secrets/azurekeyvault"

	"github.com/orderbridge/orderbridge/activities/seal"
)

const azureKey = "shop.vault.azure.net/keys/orderbridge/v1"

// azure is a stand-in for a Key Vault. It asks for a token, and "encrypts" by
// turning the text backwards.
type azure struct {
	server *httptest.Server
	denies atomic.Int64
}

func newAzure(t *testing.T) *azure {
	t.Helper()
	a := &azure{}
	a.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.example.com/tenant", resource="https://vault.azure.net"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var body struct {
			Algorithm string `json:"alg"`
			Value     string `json:"value"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		switch status := int(a.denies.Load()); {
		case status != 0:
			answer(w, status, map[string]any{"error": map[string]string{"code": "Echo", "message": "echo " + body.Value}})
		case body.Algorithm != "RSA-OAEP-256" || !strings.HasPrefix(r.URL.Path, "/keys/orderbridge/v1/"):
			w.WriteHeader(http.StatusTeapot)
		default:
			text, _ := base64.RawURLEncoding.DecodeString(body.Value)
			turned := base64.RawURLEncoding.EncodeToString(backwards(text))
			answer(w, http.StatusOK, map[string]string{"kid": "https://" + azureKey, "value": turned})
		}
	}))
	t.Cleanup(a.server.Close)
	return a
}

// token stands in for the credentials of a process; an error for their absence.
type token struct{ err error }

func (c token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token-1", ExpiresOn: time.Now().Add(time.Hour)}, c.err
}

func (a *azure) dial(credentials token) func(context.Context) (*secrets.Keeper, func() error, error) {
	return func(context.Context) (*secrets.Keeper, func() error, error) {
		keeper, err := azurekeyvault.OpenKeeper(func(string) (*azkeys.Client, error) {
			return azkeys.NewClient(a.server.URL, credentials, &azkeys.ClientOptions{
				ClientOptions:                        policy.ClientOptions{Transport: a.server.Client(), Retry: policy.RetryOptions{MaxRetries: -1}},
				DisableChallengeResourceVerification: true,
			})
		}, "https://"+azureKey, nil)
		return keeper, func() error { return nil }, err
	}
}

func TestAzure(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T, credentials token) (*azure, *seal.Keeper) {
		t.Helper()
		service, keeper := newAzure(t), open(t, seal.Config{URL: "azurekeyvault://" + azureKey})
		seal.Redial(keeper, service.dial(credentials))
		return service, keeper
	}
	t.Run("opens what it sealed", func(t *testing.T) {
		t.Parallel()
		_, keeper := setup(t, token{})
		requireOpens(t, keeper, sealed(t, keeper, secret))
	})
	t.Run("refuses what it did not seal", func(t *testing.T) {
		t.Parallel()
		service, keeper := setup(t, token{})
		cipher := sealed(t, keeper, secret)
		service.denies.Store(http.StatusBadRequest)
		_, err := keeper.Open(t.Context(), cipher)
		require.ErrorIs(t, err, seal.ErrCannotOpen)
	})
	t.Run("does not serve", func(t *testing.T) {
		t.Parallel()
		service, keeper := setup(t, token{})
		cipher := sealed(t, keeper, secret)
		for status, says := range map[int]string{
			http.StatusForbidden: "azurekeyvault: access is denied", http.StatusNotFound: "there is no such key",
			http.StatusTooManyRequests: "it answers 429", http.StatusBadGateway: "it answers 502 Bad Gateway",
		} {
			service.denies.Store(int64(status))
			_, err := keeper.Open(t.Context(), cipher)
			require.ErrorIs(t, err, seal.ErrUnavailable)
			require.ErrorContains(t, err, says)
			requireSilent(t, err, cipher)
		}
	})
	t.Run("has no credentials", func(t *testing.T) {
		t.Parallel()
		_, keeper := setup(t, token{errors.New("no token to be had\necho: the answer of somebody else")})
		_, err := keeper.Seal(t.Context(), secret)
		require.ErrorIs(t, err, seal.ErrUnavailable)
		require.ErrorContains(t, err, "azurekeyvault: no token to be had")
		requireSilent(t, err, nil)
	})
}
