using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Publishing;

/// <summary>Whether a stream takes a subject.</summary>
/// <param name="Stream">The stream that does; null: none, or not known.</param>
/// <param name="IsKnown">Whether JetStream said so.</param>
/// <param name="Cause">What it said instead.</param>
internal readonly record struct Claim(string? Stream, bool IsKnown, Error? Cause = null)
{
    public bool IsUnclaimed => IsKnown && Stream is null;
}

/// <summary>Asks JetStream which stream takes the subject of a message that was not stored.</summary>
internal sealed class UnclaimedSubjects(JetStreamApi api, TimeProvider time)
{
    private readonly SharedLookups<Subject, Claim> _lookups =
        new(time, TimeSpan.FromSeconds(1), (subject, cancellationToken) => AskOnceAsync(api, subject, cancellationToken));

    /// <summary>Asks, or takes the answer of a moment ago.</summary>
    /// <param name="subject">The subject of the message.</param>
    /// <param name="started">When its publish began, as a time stamp of the clock.</param>
    /// <param name="cancellationToken">Gives up waiting; the request goes on for the others.</param>
    public async ValueTask<Claim> AskAsync(Subject subject, long started, CancellationToken cancellationToken) =>
        await _lookups.AskAsync(subject, started, cancellationToken) ?? new Claim(Stream: null, IsKnown: false);

    private static async Task<Claim> AskOnceAsync(JetStreamApi api, Subject subject, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await api.CallAsync(
                new Operation(OperationKind.FindStream, Subject: subject.Value),
                "STREAM.NAMES",
                JsonSerializer.SerializeToUtf8Bytes(new StreamNamesRequest(subject.Value), WireJson.Default.StreamNamesRequest),
                WireJson.Default.StreamNamesResponse,
                cancellationToken);
            return new Claim(answer.Streams is { Count: > 0 } streams ? streams[0] : null, IsKnown: true);
        }
        catch (HttpmqException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new Claim(Stream: null, IsKnown: false, exception.Error);
        }
    }
}
