package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/ingress/operator"
)

// TestSecretsNeverComeOut sends secrets in every way and looks for them in all
// that comes out.
func TestSecretsNeverComeOut(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-hunter2"
	f := setup(t)
	f.office.channel.Store.AccessToken = []byte(secret)
	var out strings.Builder
	keep := func(answer response) {
		out.WriteString(answer.body)
		for name, values := range answer.header {
			out.WriteString(name + strings.Join(values, " "))
		}
	}
	for _, err := range []error{
		nil, errors.New("dial " + secret), context.DeadlineExceeded, &operator.Error{Kind: operator.KindInternal, Message: "no"},
	} {
		f.office.err = err
		keep(f.send(http.MethodPost, "/channels", strings.ReplaceAll(newChannel, `"t"`, `"`+secret+`"`)))
		keep(f.send(http.MethodPut, "/channels/main", strings.ReplaceAll(newChannel, `"t"`, `"`+secret+`"`)))
		keep(f.send(http.MethodPatch, "/channels/main", `{"store":{"client_secret":"`+secret+`"}}`))
		keep(f.send(http.MethodPatch, "/channels/main", `{"store":{"client_secrt":"`+secret+`"}}`))
		keep(f.send(http.MethodPut, "/channels/main/credentials", `{"downstream_token":"`+secret+`"}`))
		keep(f.send(http.MethodPut, "/channels/main/credentials", `{"downstream_token":["`+secret+`"]}`))
		for _, path := range []string{"/channels", "/channels/main", "/channels/main/history", "/channels/main/status"} {
			keep(f.send(http.MethodGet, path, ""))
		}
	}
	require.NotContains(t, out.String(), secret)
	require.NotContains(t, out.String(), "sealed-", "not even sealed")
	for _, never := range []string{changeToken, viewToken, "sealed-"} {
		require.NotContains(t, f.log.String(), never)
		require.NotContains(t, out.String(), never)
	}
	f.office.err = nil
	log := strings.ReplaceAll(f.log.String(), "dial "+secret, "") // what an error says is for the log
	require.NotContains(t, log, secret)
}

func TestAddressesThatAreNot(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, path := range []string{"", "/", "/channel", "/channels/", "/channels/main/", "/channels/main/secrets", "/../../webhooks"} {
		answer := f.send(http.MethodGet, path, "")
		require.Equal(t, http.StatusNotFound, answer.status, path)
		require.Equal(t, "urn:orderbridge:problem:not-found", answer.problem(t).Type)
	}
	answer := f.send(http.MethodDelete, "/channels", "")
	require.Equal(t, http.StatusMethodNotAllowed, answer.status)
	require.Equal(t, "urn:orderbridge:problem:method-not-allowed", answer.problem(t).Type)
	require.ElementsMatch(t, []string{"GET", "POST"}, strings.Split(answer.header.Get("Allow"), ", "))
	require.Empty(t, f.office.calls)
}

func TestPanicSaysNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.office.wait = func(context.Context) error { panic("inner workings") }
	answer := f.send(http.MethodGet, "/channels", "")
	require.Equal(t, http.StatusInternalServerError, answer.status)
	require.Equal(t, "urn:orderbridge:problem:internal", answer.problem(t).Type)
	require.NotContains(t, answer.body, "inner workings")
	require.Contains(t, f.log.String(), "inner workings")
	require.Contains(t, f.log.String(), "serve_test.go", "the log has the stack")
}

func TestFailureThatIsNotMadeToBeShown(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.office.err = errors.New("rpc error: code = Internal at 10.0.0.7")
	answer := f.send(http.MethodGet, "/channels/main", "")
	require.Equal(t, http.StatusInternalServerError, answer.status)
	require.NotContains(t, answer.body, "10.0.0.7")
	require.Contains(t, f.log.String(), "10.0.0.7", "the log says why")
}

func TestStatusThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.office.views = nil
	blind := f.office.view()
	blind.Status, blind.Error = nil, "its status cannot be read: no worker"
	f.office.views = []operator.View{blind}
	require.Contains(t, f.send(http.MethodGet, "/channels", "").body, "no worker")
}

func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, r := range f.api.Routes() {
		if r.Path == "/openapi.yaml" {
			continue
		}
		bounded := make(chan bool, 8)
		f.office.wait = func(ctx context.Context) error {
			deadline, ok := ctx.Deadline()
			bounded <- ok && time.Until(deadline) <= r.Limit
			return errors.New("enough")
		}
		body := ""
		switch {
		case strings.HasSuffix(r.Path, "/credentials"):
			body = `{"access_token":"t"}`
		case r.Path == "/channels" && r.Method == http.MethodPost:
			body = newChannel
		case r.Method == http.MethodPut, r.Method == http.MethodPatch:
			body = `{"store":{"hash":"abc123"}}`
		}
		f.send(r.Method, strings.NewReplacer(":id", "main", ":run", checkRun).Replace(r.Path), body)
		require.NotEmpty(t, bounded, "%s %s did nothing", r.Method, r.Path)
		require.True(t, <-bounded, "%s %s", r.Method, r.Path)
	}
}

// TestLongCallsOutliveTheTimeoutsOfTheServer shows that a save that takes longer
// than a callback may take is answered all the same.
func TestLongCallsOutliveTheTimeoutsOfTheServer(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const short = 50 * time.Millisecond
	server := httptest.NewUnstartedServer(f.api)
	server.Config.ReadTimeout, server.Config.WriteTimeout = short, short
	server.Start()
	t.Cleanup(server.Close)
	f.url, f.client = server.URL+"/api/v1", server.Client()
	f.office.wait = func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(4 * short):
			return nil
		}
	}
	for range 2 { // the second on the same connection
		require.Equal(t, http.StatusOK, f.send(http.MethodPost, "/channels/main/activate", "").status)
		require.Equal(t, http.StatusOK, f.send(http.MethodPatch, "/channels/main", `{"active":true}`).status)
	}
}

func TestStopEndsWaitingCalls(t *testing.T) {
	t.Parallel()
	f := setup(t)
	entered := make(chan struct{})
	f.office.wait = func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}
	answers := make(chan response, 1)
	go func() { answers <- f.send(http.MethodPost, "/channels/main/audit", "") }()
	<-entered
	f.api.Stop()
	answer := <-answers
	require.Equal(t, http.StatusServiceUnavailable, answer.status)
	require.Contains(t, answer.problem(t).Detail, "may still happen")
}
