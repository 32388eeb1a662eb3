// Package overhttp is what adapters over HTTP are made with. It has what they do
// alike, so that an adapter is left with what its system alone does: its
// paths, its words and its traps.
//
//   - Client sends one request at a time, reads a bounded answer, follows no
//     redirect, and says what goes wrong as a *downstream.Error that quotes
//     neither bodies nor secrets.
//   - Find looks for the one order that has a number and believes no filter.
//   - Client.Change cancels or fulfills: read, compare, write, read again.
//   - Tokens keeps a bearer token that has an end, and Locks lets one change of
//     an order through at a time.
//
// An adapter describes its system in Config: where it is, which headers each
// request has, and in Config.Explain what an answer means where that is not
// what HTTP says. A Call is one request, whose Name stands in errors and whose
// Route in metrics.
package overhttp
