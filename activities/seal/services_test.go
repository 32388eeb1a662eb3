package seal_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/seal"
)

func requireNeverPrints(t *testing.T, value any, hidden string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, value), hidden, verb)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).InfoContext(t.Context(), "started", "keeper", value)
	slog.New(slog.NewTextHandler(&out, nil)).InfoContext(t.Context(), "started", "keeper", value)
	require.NotContains(t, out.String(), hidden)
}

// echo answers with what it was sent, as a proxy in a bad mood may.
func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "echo %s", body)
	}
}

// awsError answers as AWS does.
func awsError(code string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer(w, http.StatusBadRequest, map[string]string{"__type": code, "message": "echo " + string(body)})
	}
}

func vaultError(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer(w, status, map[string][]string{"errors": {text}})
	}
}

func TestKeyServiceThatDoesNotServe(t *testing.T) {
	t.Parallel()
	vault, aws := kinds["Vault"], kinds["AWS"]
	for name, tc := range map[string]struct {
		service func(*testing.T) (*keyService, string)
		fault   http.HandlerFunc
		says    string
	}{
		"Vault denies":                 {vault, vaultError(http.StatusForbidden, "permission denied"), "hashivault: access is denied: check the credentials"},
		"Vault is sealed":              {vault, vaultError(http.StatusServiceUnavailable, "Vault is sealed"), "hashivault: it answers 503 Service Unavailable"},
		"Vault misses the token":       {vault, vaultError(http.StatusBadRequest, "missing client token"), "access is denied"},
		"Vault misses the key":         {vault, vaultError(http.StatusBadRequest, "encryption key not found"), "there is no such key"},
		"Vault misses the engine":      {vault, vaultError(http.StatusNotFound, "no handler for route"), "there is no such key"},
		"Vault is overloaded":          {vault, vaultError(http.StatusTooManyRequests, "too many"), "it answers 429"},
		"Vault says nothing":           {vault, echo(http.StatusNotFound), "hashivault: "},
		"Vault is not Vault":           {vault, vaultError(http.StatusOK, "?"), "not that of a transit engine"},
		"Vault is no JSON":             {vault, echo(http.StatusOK), "hashivault: "},
		"Vault repeats what it got":    {vault, echo(http.StatusBadGateway), "it answers 502"},
		"AWS denies":                   {aws, awsError("AccessDeniedException"), "awskms: it answers AccessDeniedException"},
		"AWS has disabled the key":     {aws, awsError("DisabledException"), "access is denied"},
		"AWS misses the key":           {aws, awsError("NotFoundException"), "there is no such key"},
		"AWS has the key to delete":    {aws, awsError("KMSInvalidStateException"), "it answers KMSInvalidStateException"},
		"AWS names an error in a way ": {aws, awsError("echo 1"), "awskms: it answers with an error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, url := tc.service(t)
			keeper := open(t, seal.Config{URL: url})
			cipher := sealed(t, keeper, secret)
			service.failWith(tc.fault)

			_, err := keeper.Open(t.Context(), cipher)
			require.ErrorIs(t, err, seal.ErrUnavailable)
			require.NotErrorIs(t, err, seal.ErrCannotOpen)
			require.ErrorContains(t, err, tc.says)
			requireSilent(t, err, cipher)

			_, err = keeper.Seal(t.Context(), secret)
			require.ErrorIs(t, err, seal.ErrUnavailable)
			requireSilent(t, err, cipher)

			service.failWith(nil)
			requireOpens(t, keeper, cipher)
		})
	}
}

// kinds are the stand-ins for key services, each with the URL of a key in it.
var kinds = map[string]func(*testing.T) (*keyService, string){
	"Vault": func(t *testing.T) (*keyService, string) {
		t.Helper()
		s := newVault(t)
		return s, s.vaultURL("orderbridge")
	},
	"AWS": func(t *testing.T) (*keyService, string) {
		t.Helper()
		s := newAWS(t)
		return s, s.awsURL("orderbridge")
	},
}

func TestKeyServiceOutOfReach(t *testing.T) {
	t.Parallel()
	for name, start := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, url := start(t)
			cipher := sealed(t, open(t, seal.Config{URL: url}), secret)
			t.Run("does not listen", func(t *testing.T) {
				service.server.Close()
				keeper := open(t, seal.Config{URL: url}) // a process starts all the same
				_, err := keeper.Open(t.Context(), cipher)
				require.ErrorIs(t, err, seal.ErrUnavailable)
				require.ErrorContains(t, err, "connection refused")
				requireSilent(t, err, cipher)
			})
			t.Run("is one of several", func(t *testing.T) {
				moved := open(t, seal.Config{URL: newVault(t).vaultURL("other"), PreviousURLs: []string{url}})
				_, err := moved.Open(t.Context(), append(append(seal.Sealed{}, "obk1\x00\x00\x00\x00\x00\x00\x00\x00"...), cipher[12:]...))
				require.ErrorIs(t, err, seal.ErrUnavailable, "that another cannot open it does not settle it")
			})
		})
	}
}

func TestKeyServiceThatNeverAnswers(t *testing.T) {
	t.Parallel()
	for name, start := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, url := start(t)
			keeper := open(t, seal.Config{URL: url})
			cipher := sealed(t, keeper, secret)
			entered := make(chan struct{}, 10)
			service.failWith(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the other side has gone
				entered <- struct{}{}
				<-r.Context().Done()
			})

			seal.SetTimeout(keeper, 50*time.Millisecond)
			_, err := keeper.Open(t.Context(), cipher)
			require.ErrorIs(t, err, seal.ErrUnavailable)
			require.ErrorContains(t, err, "no answer within 50ms")
			require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's own time is not over")
			<-entered

			seal.SetTimeout(keeper, time.Minute)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 2)
			go func() {
				_, err := keeper.Seal(ctx, secret)
				ended <- err
			}()
			go func() {
				_, err := keeper.Open(ctx, cipher)
				ended <- err
			}()
			<-entered
			<-entered
			cancel()
			for range 2 {
				err = <-ended
				require.ErrorIs(t, err, context.Canceled)
				require.NotErrorIs(t, err, seal.ErrUnavailable)
			}
			// The call that others may share goes on by itself: let it end.
			service.failWith(nil)
			service.server.CloseClientConnections()
		})
	}
}

func TestSealOfWhatAKeyServiceRefuses(t *testing.T) {
	t.Parallel()
	vault := newVault(t)
	vault.failWith(vaultError(http.StatusBadRequest, "echo: too long"))
	_, err := open(t, seal.Config{URL: vault.vaultURL("orderbridge")}).Seal(t.Context(), secret)
	require.ErrorContains(t, err, "hashivault refuses it: check the URL of the key, and whether the secret is too long")
	require.NotErrorIs(t, err, seal.ErrUnavailable)
	requireSilent(t, err, nil)
}

// TestVaultReadsItsVariables shows that address, token and namespace come from
// where the vault command has them.
func TestVaultReadsItsVariables(t *testing.T) {
	vault := newVault(t)
	var header http.Header
	inner := vault.speak
	vault.speak = func(s *keyService, w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		inner(s, w, r)
	}
	t.Setenv("VAULT_ADDR", vault.server.URL)
	t.Setenv("VAULT_TOKEN", "token-1")
	t.Setenv("VAULT_NAMESPACE", "shop")
	keeper := open(t, seal.Config{URL: "hashivault://orderbridge"})
	requireOpens(t, keeper, sealed(t, keeper, secret))
	require.Equal(t, "token-1", header.Get("X-Vault-Token"))
	require.Equal(t, "shop", header.Get("X-Vault-Namespace"))

	t.Setenv("VAULT_ADDR", "")
	_, err := seal.Open(t.Context(), seal.Config{MasterKey: masterKey(1), URL: "hashivault://orderbridge"})
	require.ErrorContains(t, err, "keeper URL: hashivault cannot be used as it is set up: neither VAULT_ADDR nor the parameter address")
}

func TestVaultEngine(t *testing.T) {
	t.Parallel()
	vault := newVault(t)
	inner := vault.speak
	vault.speak = func(s *keyService, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/team/transit/encrypt/orderbridge" {
			inner(s, w, r)
			return
		}
		answer(w, http.StatusOK, map[string]any{"data": map[string]string{"ciphertext": "vault:v1:" + s.encrypt("orderbridge", "")}})
	}
	_ = sealed(t, open(t, seal.Config{URL: vault.vaultURL("orderbridge") + "&engine=team/transit"}), secret)
	_, err := open(t, seal.Config{URL: vault.vaultURL("orderbridge") + "&engine=nowhere"}).Seal(t.Context(), secret)
	require.ErrorIs(t, err, seal.ErrUnavailable)
	// The engine of one URL is not that of the next.
	keeper := open(t, seal.Config{URL: vault.vaultURL("orderbridge")})
	requireOpens(t, keeper, sealed(t, keeper, secret))
}
