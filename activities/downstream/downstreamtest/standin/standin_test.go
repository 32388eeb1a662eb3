package standin_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// start starts a stand-in that answers every call with answer, troubled.
func start(t *testing.T, trouble standin.Trouble, answer standin.Answer) *standin.Server {
	t.Helper()
	s, _ := watch(t, trouble, answer)
	return s
}

// watch is start with a signal for each call that arrived.
func watch(t *testing.T, trouble standin.Trouble, answer standin.Answer) (*standin.Server, <-chan struct{}) {
	t.Helper()
	arrived := make(chan struct{}, 1)
	server := standin.New(t, "stand-in", func(ctx context.Context) (*standin.Server, error) {
		s, err := standin.Listen(ctx, "stand-in", "127.0.0.1:0", slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, err
		}
		s.Serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			arrived <- struct{}{}
			if !s.Suffer(w, r, trouble, answer) {
				answer.Send(w)
			}
		}))
		return s, nil
	})
	return server, arrived
}

func post(ctx context.Context, s *standin.Server) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader("body"))
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

func TestSuffer(t *testing.T) {
	t.Parallel()

	whole := standin.JSON(http.StatusOK, "application/json", []string{"one", "two"})
	for trouble, c := range map[standin.Trouble]struct {
		mediaType string
		body      string
		breaks    error
	}{
		"":                       {"application/json", `["one","two"]`, nil},
		"not known":              {"application/json", `["one","two"]`, nil},
		standin.WrongContentType: {"text/html; charset=utf-8", `["one","two"]`, nil},
		standin.HalfAnswer:       {"application/json", `["one"`, io.ErrUnexpectedEOF},
	} {
		t.Run(string(trouble), func(t *testing.T) {
			t.Parallel()

			resp, err := post(t.Context(), start(t, trouble, whole))
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, resp.Body.Close())
			require.ErrorIs(t, err, c.breaks)
			require.Equal(t, c.mediaType, resp.Header.Get("Content-Type"))
			require.Equal(t, c.body, string(body))
		})
	}
	require.Equal(t, "application/json", whole.Header.Get("Content-Type"), "the answer itself is not changed")

	t.Run("drop", func(t *testing.T) {
		t.Parallel()

		resp, err := post(t.Context(), start(t, standin.Drop, whole))
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		require.ErrorIs(t, err, io.EOF)
	})

	t.Run("hang until the stand-in stops", func(t *testing.T) {
		t.Parallel()

		s, arrived := watch(t, standin.Hang, whole)
		failed := make(chan error, 1)
		go func() {
			resp, err := post(t.Context(), s)
			if err == nil {
				_ = resp.Body.Close()
			}
			failed <- err
		}()
		<-arrived
		s.Close()
		require.Error(t, <-failed)
		<-s.Done()
	})
}

func TestServerEndsWithItsContext(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	s, err := standin.Listen(ctx, "stand-in", "127.0.0.1:0", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	s.Serve(ctx, http.NotFoundHandler())
	_, err = standin.Listen(ctx, "another", strings.TrimPrefix(s.URL, "http://"), slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "another: listen on 127.0.0.1:")
	cancel()
	<-s.Done()
	s.Close()
}

func TestWait(t *testing.T) {
	t.Parallel()

	s := start(t, "", standin.Empty(http.StatusNoContent))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
	require.NoError(t, err)
	require.True(t, s.Wait(req, time.Nanosecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, s.Wait(req.WithContext(ctx), time.Hour))
	s.Close()
	require.False(t, s.Wait(req, time.Hour))
}

func TestQueue(t *testing.T) {
	t.Parallel()

	var queue standin.Queue[string]
	take := func(begins string) string {
		fault, applied := queue.Take(func(f string) bool { return strings.HasPrefix(f, begins) })
		if fault == nil {
			require.Nil(t, applied)
			return ""
		}
		applied()
		return *fault
	}
	applied := func(hit <-chan struct{}) bool {
		select {
		case <-hit:
			return true
		default:
			return false
		}
	}
	require.Empty(t, take(""))
	twice, once, always := queue.Arm("a twice", 2), queue.Arm("b once", 1), queue.Arm("b always", -1)
	require.Equal(t, "a twice", take("a"))
	require.True(t, applied(twice))
	require.False(t, applied(once))
	require.Equal(t, "b once", take("b"))
	require.True(t, applied(once))
	require.Equal(t, "a twice", take(""), "the one that was armed first")
	require.Empty(t, take("a"))
	require.False(t, applied(always))
	for range 3 {
		require.Equal(t, "b always", take(""))
	}
	require.True(t, applied(always))
	queue.Clear()
	require.Empty(t, take(""))
}

func TestSwitches(t *testing.T) {
	t.Parallel()

	var switches standin.Switches[int]
	require.False(t, switches.StaleRead())
	switches.BeforeChange(1) // no hook yet
	got := 0
	switches.Hook.Set(func(id int) { got = id })
	switches.StaleReads.Set(2)
	switches.Revoked.Set(true)
	switches.BeforeChange(7)
	require.Equal(t, 7, got)
	require.True(t, switches.StaleRead())
	require.True(t, switches.StaleRead())
	require.False(t, switches.StaleRead())
	switches.Clear()
	switches.BeforeChange(8)
	require.Equal(t, 7, got)
	require.False(t, switches.Revoked.Get())
}
