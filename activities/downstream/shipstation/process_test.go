package shipstation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

// work is what a process of TestProcesses is to do, and report what it has
// done.
type (
	work struct {
		URL       string `json:"url"`
		APIKey    string `json:"api_key"`
		APISecret string `json:"api_secret"`
		First     int    `json:"first"`
		Orders    int    `json:"orders"`
	}
	report struct {
		Asked     int      `json:"asked"`
		Limited   int      `json:"limited"`
		Cancelled int      `json:"cancelled"`
		Failures  []string `json:"failures"`
	}
)

// workEnv names the variable that makes this test binary such a process.
const workEnv = "SHIPSTATION_TEST_WORK"

func TestMain(m *testing.M) {
	given, ok := os.LookupEnv(workEnv)
	if !ok {
		os.Exit(m.Run())
	}
	var w work
	err := json.Unmarshal([]byte(given), &w)
	if err == nil {
		var done report
		if done, err = w.do(context.Background()); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(done)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// do finds and cancels the orders, all at the same time, as far as a minute
// goes.
func (w work) do(ctx context.Context) (report, error) {
	var mu sync.Mutex
	var done report
	adapter, err := shipstation.New(shipstation.Config{
		APIKey: w.APIKey, APISecret: w.APISecret, BaseURL: w.URL, Channel: "acme",
		Observe: func(_ context.Context, e shipstation.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			done.Asked++
			if e.Kind == downstream.RateLimited {
				done.Limited++
			}
		},
	})
	if err != nil {
		return report{}, err
	}
	defer adapter.Close()
	var group sync.WaitGroup
	for i := range w.Orders {
		group.Go(func() {
			order, err := adapter.Find(ctx, strconv.Itoa(w.First+i))
			if err == nil {
				_, err = adapter.Cancel(ctx, cancelling(order))
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done.Cancelled++
			case !downstream.IsKind(err, downstream.RateLimited):
				done.Failures = append(done.Failures, err.Error())
			}
		})
	}
	group.Wait()
	return done, nil
}

// TestProcesses runs two processes with one API key against one stand-in, whose
// minute does not end: together they have more to do than it has room for.
func TestProcesses(t *testing.T) {
	t.Parallel()

	const processes, orders = 2, 20
	system := shipstationtest.New(t, shipstationtest.WithClock(newClock().Now))
	for i := range processes * orders {
		system.AddOrder(strconv.Itoa(1000+i), shipstationtest.AwaitingShipment)
	}
	reports, errs := make([]report, processes), make([]error, processes)
	var group sync.WaitGroup
	for i := range processes {
		group.Go(func() {
			reports[i], errs[i] = start(t.Context(), work{
				URL: system.URL, APIKey: system.APIKey, APISecret: system.APISecret, First: 1000 + i*orders, Orders: orders,
			})
		})
	}
	group.Wait()
	var all report
	for i, r := range reports {
		require.NoError(t, errs[i])
		require.Empty(t, r.Failures)
		all.Asked, all.Limited, all.Cancelled = all.Asked+r.Asked, all.Limited+r.Limited, all.Cancelled+r.Cancelled
	}
	require.GreaterOrEqual(t, all.Asked, 35, "the minute is used, but for what does not suffice for a change")
	require.LessOrEqual(t, all.Asked, 40+processes)
	require.Equal(t, max(all.Asked-40, 0), all.Limited)
	require.Positive(t, all.Cancelled)
	require.GreaterOrEqual(t, len(system.Effects()), all.Cancelled, "the last one may not have been read again")
}

// start runs this test binary as a process that works.
func start(ctx context.Context, w work) (report, error) {
	given, err := json.Marshal(w)
	if err != nil {
		return report{}, err
	}
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), workEnv+"="+string(given))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return report{}, fmt.Errorf("%w: %s", err, said.String())
	}
	var r report
	err = json.Unmarshal(out, &r)
	return r, err
}
