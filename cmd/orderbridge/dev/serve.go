package dev

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// startProcess runs ingress and worker, as the serve command does.
func (w *world) startProcess(ctx context.Context) error {
	address, err := w.console.freeAddress(ctx, "Ingress", w.options.Listen)
	if err != nil {
		return err
	}
	config, err := w.processConfig(address)
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(w.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	w.onStop(func(context.Context) error { return logFile.Close() })
	w.process, err = process.New(config, process.Options{ //nolint:contextcheck // it is closed after ctx has ended
		Roles:             process.Roles{Ingress: true, Worker: true},
		Log:               logFile,
		TemporalAddress:   w.temporal.Address,
		TemporalNamespace: w.temporal.Namespace,
	})
	if err != nil {
		return err
	}
	w.client = w.process.Client
	w.onStop(func(context.Context) error { return w.process.Close() })

	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	listening := make(chan string, 1)
	go func() {
		w.ended <- w.process.Run(running, func(ingress, _ string) { listening <- ingress })
	}()
	ended := false
	w.onStop(func(context.Context) error {
		cancel()
		if ended {
			return nil
		}
		return <-w.ended
	})
	select {
	case w.ingress = <-listening:
	case err := <-w.ended:
		ended = true
		return fmt.Errorf("start ingress and worker: %w", err)
	}
	return w.awaitReady(ctx)
}

func (w *world) logPath() string { return filepath.Join(w.dataDir, "orderbridge.log") }

// readyTimeout bounds the wait for the worker's first poll.
const readyTimeout = 30 * time.Second

// awaitReady asks /readyz until the process can do its work.
func (w *world) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	httpClient := &http.Client{Timeout: 5 * time.Second}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.ingress+"/readyz", http.NoBody)
		if err != nil {
			return fmt.Errorf("ask for readiness: %w", err)
		}
		response, err := httpClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ingress and worker did not become ready within %s: see %s", readyTimeout, w.logPath())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
