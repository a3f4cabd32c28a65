using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.JetStream.Wire;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.JetStream.Definitions;

/// <summary>How an attempt to write a lock ended.</summary>
internal enum LockAttempt
{
    /// <summary>It is ours.</summary>
    Taken,

    /// <summary>Somebody else has it.</summary>
    Held,

    /// <summary>No stream takes it: there is none, or it has no leader, or interest in it is not known here yet.</summary>
    NoStream,
}

/// <summary>
/// A stream in memory that holds one message per lock. "Store this only where the subject is empty" is the one thing that JetStream
/// compares before it writes, on every version and in a cluster. A lock whose holder is gone runs out with the message's age.
/// </summary>
internal sealed class LockStream(JetStreamApi api, NatsLink link, NatsOptions options)
{
    /// <summary>
    /// Longer than a change may take: it has to begin within a request's time and is one call with a time-out of its own, together
    /// below 9 s. In nanoseconds, 15 s.
    /// </summary>
    private const long Life = 15_000_000_000;

    /// <summary>Whether the connected server is one of several.</summary>
    public bool IsClustered => link.Connection.ServerInfo?.Cluster is { Length: > 0 };

    /// <summary>Tries once to take a lock.</summary>
    /// <param name="what">What fails where this fails.</param>
    /// <param name="key">The tokens after the prefix.</param>
    /// <param name="cancellationToken">Gives up; the lock may have been taken then, and runs out.</param>
    public async Task<(LockAttempt Outcome, ulong Sequence)> TryTakeAsync(string what, string key, CancellationToken cancellationToken)
    {
        link.RequireOpen();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.RequestTimeout);
        try
        {
            var reply = await link.Connection.RequestAsync(
                LockSubjects.Prefix + key,
                "{}"u8.ToArray(),
                new NatsHeaders { ["Nats-Expected-Last-Subject-Sequence"] = "0" },
                NatsRawSerializer<byte[]>.Default,
                NatsRawSerializer<byte[]>.Default,
                cancellationToken: limit.Token);
            if (reply.Data is not { Length: > 0 } data)
            {
                return (LockAttempt.NoStream, 0);
            }

            return JsonSerializer.Deserialize(data, WireJson.Default.StoredResponse) switch
            {
                { Error: { ErrCode: JetStreamErrors.WrongLastSequence or JetStreamErrors.WrongLastSequenceOf } } => (LockAttempt.Held, 0),
                { Error: { } error } => throw new HttpmqException(JetStreamErrors.ToError(what, error)),
                { Stream: LockSubjects.Stream, Seq: > 0 and var sequence } => (LockAttempt.Taken, sequence),
                _ => throw new HttpmqException(new Error(ErrorKind.Internal, what, $"somebody else than stream {LockSubjects.Stream} answers on {LockSubjects.Prefix}>; nothing was changed")),
            };
        }
        catch (NatsNoRespondersException)
        {
            return (LockAttempt.NoStream, 0);
        }
        catch (JsonException exception)
        {
            throw new HttpmqException(new Error(ErrorKind.Internal, what, $"JetStream's answer could not be read: {exception.Message}"), exception);
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new HttpmqException(
                link.Explain(new Error(ErrorKind.Timeout, what, $"JetStream did not answer within {options.RequestTimeout.TotalSeconds:0.#} s, when the definition was to be locked; nothing was changed")),
                exception);
        }
    }

    /// <summary>Gives a lock back: this one, and not one that somebody else took after it had run out.</summary>
    public async Task<Error?> ReleaseAsync(string what, ulong sequence)
    {
        try
        {
            var answer = await api.TryCallAsync(
                what,
                $"STREAM.MSG.DELETE.{LockSubjects.Stream}",
                JsonSerializer.SerializeToUtf8Bytes(new MessageDeleteRequest(sequence, NoErase: true), WireJson.Default.MessageDeleteRequest),
                WireJson.Default.ApiResponse,
                CancellationToken.None);
            return answer.Error is { } error ? JetStreamErrors.ToError(what, error) : null;
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>Creates the stream; false where the account or the server has no room for it.</summary>
    public async Task<bool> TryCreateAsync(string what, CancellationToken cancellationToken)
    {
        // In memory, because a disk that is full must not stop definitions; on three servers where there are as many.
        (int Replicas, string Storage)[] forms = IsClustered ? [(3, "memory"), (1, "memory"), (1, "file")] : [(1, "memory"), (1, "file")];
        foreach (var (replicas, storage) in forms)
        {
            var config = new StreamConfigWire
            {
                Name = LockSubjects.Stream,
                Description = "Held for a moment while an Httpmq gateway changes a definition",
                Subjects = [LockSubjects.Prefix + ">"],
                MaxAge = Life,
                DuplicateWindow = Life,
                NumReplicas = replicas,
                Storage = storage,
            };
            var answer = await api.TryCallAsync(
                what,
                $"STREAM.CREATE.{LockSubjects.Stream}",
                JsonSerializer.SerializeToUtf8Bytes(config, WireJson.Default.StreamConfigWire),
                WireJson.Default.StreamInfoWire,
                cancellationToken);
            if (answer.Error is null or { ErrCode: JetStreamErrors.StreamExists })
            {
                return true;
            }

            var refusal = JetStreamErrors.ToError(what, answer.Error);
            if (refusal.Kind is not (ErrorKind.OutOfResources or ErrorKind.InvalidInput))
            {
                throw new HttpmqException(refusal);
            }
        }

        return false;
    }
}
