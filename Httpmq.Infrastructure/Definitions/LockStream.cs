using System.Text.Json;
using System.Text.Json.Nodes;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Definitions;

/// <summary>How an attempt to write a lock ended.</summary>
internal enum LockAttempt
{
    /// <summary>It is ours.</summary>
    Taken,

    /// <summary>Somebody else has it.</summary>
    Held,

    /// <summary>No stream takes it: there is none, or it has no leader, or interest in it is not known here yet.</summary>
    NoStream,

    /// <summary>There are no locks to be had, and trying again does not help.</summary>
    Unusable,
}

/// <summary>An attempt's end.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Sequence">The lock's, where it was taken.</param>
/// <param name="Reason">Why there are none to be had.</param>
internal readonly record struct LockAnswer(LockAttempt Outcome, ulong Sequence = 0, string? Reason = null)
{
    public static LockAnswer Unusable(string reason) => new(LockAttempt.Unusable, Reason: reason);
}

/// <summary>
/// A stream in memory that holds one message per lock. "Store this only where the subject is empty" is the one thing that JetStream
/// compares before it writes, on every version and in a cluster. A lock whose holder is gone runs out with the message's age.
/// </summary>
internal sealed class LockStream(JetStreamApi api, RequestLink link, NatsOptions options)
{
    /// <summary>
    /// Longer than a change may take: it has to begin within a request's time and is one call with a time-out of its own, together
    /// below 9 s. In nanoseconds, 15 s.
    /// </summary>
    private const long Life = 15_000_000_000;

    private const string Foreign = $"another client answers on {LockSubjects.Prefix}>: look for a stream or a client with these subjects";

    // What a look must not cost a change.
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(1);

    private static readonly NatsSubOpts ReplyOptions = new() { ThrowIfNoResponders = true };

    /// <summary>
    /// Why locks may never arrive at the stream though it is there; null: they do when it has a leader.
    /// </summary>
    public string? Obstacle => options.IsImported
        ? $"what is published to {LockSubjects.Prefix}> does not reach the account whose JetStream is used; import that subject, too"
        : null;

    /// <summary>Whether the connected server is one of several.</summary>
    public bool IsClustered => link.Server.IsClustered;

    /// <summary>Tries once to take a lock.</summary>
    /// <param name="operation">What fails where this fails.</param>
    /// <param name="key">The tokens after the prefix.</param>
    /// <param name="cancellationToken">Gives up; the lock may have been taken then, and runs out.</param>
    public async Task<LockAnswer> TryTakeAsync(Operation operation, string key, CancellationToken cancellationToken)
    {
        link.RequireOpen();
        var subject = options.LockSubject(key);
        using var limit = new RequestLimit(link, subject, options.RequestTimeout, cancellationToken);
        try
        {
            var reply = await link.Connection.RequestAsync(
                subject,
                "{}"u8.ToArray(),

                // A stream of somebody else on these subjects stores nothing.
                new NatsHeaders
                {
                    [JetStreamHeaders.ExpectedStream] = LockSubjects.Stream,
                    [JetStreamHeaders.ExpectedLastSubjectSequence] = "0",
                },
                NatsRawSerializer<byte[]>.Default,
                NatsRawSerializer<byte[]>.Default,
                replyOpts: ReplyOptions,
                cancellationToken: limit.Token);
            return JsonSerializer.Deserialize(reply.Data ?? [], WireJson.Default.StoredResponse) switch
            {
                { Stream: LockSubjects.Stream, Seq: > 0 and var sequence, Error: null } => new LockAnswer(LockAttempt.Taken, sequence),
                { Error: { ErrCode: JetStreamErrors.WrongLastSequence or JetStreamErrors.WrongLastSequenceOf } } =>
                    new LockAnswer(LockAttempt.Held),
                { Error: { ErrCode: not JetStreamErrors.WrongStream } error } =>
                    LockAnswer.Unusable(ReasonOf(JetStreamErrors.ToError(operation, error))),
                _ => LockAnswer.Unusable(Foreign),
            };
        }
        catch (NatsNoRespondersException)
        {
            return new LockAnswer(LockAttempt.NoStream);
        }
        catch (JsonException)
        {
            return LockAnswer.Unusable(Foreign);
        }
        catch (OperationCanceledException) when (limit.IsRefused)
        {
            return LockAnswer.Unusable($"nats-server does not permit the gateway's NATS user to publish to {options.LockSubject(">")}");
        }
        catch (Exception exception) when (exception is NatsException or ObjectDisposedException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new HttpmqException(link.Explain(DefinitionErrors.TimedOut(operation, options.RequestTimeout)), exception);
        }
    }

    /// <summary>Looks whether the stream is as gateways make it: others may have made or changed it.</summary>
    /// <returns>That there is none, or none that can be used; null where nothing speaks against a try.</returns>
    public async Task<LockAnswer?> CheckAsync(Operation operation, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckTimeout);
        try
        {
            var answer = await api.TryCallAsync(
                operation, $"STREAM.INFO.{LockSubjects.Stream}", [], WireJson.Default.StreamInfoWire, limit.Token);
            if (answer is { Error.ErrCode: JetStreamErrors.StreamNotFound })
            {
                return new LockAnswer(LockAttempt.NoStream);
            }

            return answer.Config is { } config && Validate(config) is { } reason
                ? LockAnswer.Unusable($"another client has defined or changed it ({reason}); delete it, and the gateway defines it again")
                : null;
        }
        catch (HttpmqException)
        {
            // The lock itself tells what is wrong.
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It has no leader, or JetStream is slow.
            return null;
        }
    }

    /// <summary>Gives a lock back: this one, and not one that somebody else took after it had run out.</summary>
    public async Task<Error?> ReleaseAsync(Operation operation, ulong sequence)
    {
        try
        {
            var answer = await api.TryCallAsync(
                operation,
                $"STREAM.MSG.DELETE.{LockSubjects.Stream}",
                JsonSerializer.SerializeToUtf8Bytes(
                    new MessageDeleteRequest(sequence, NoErase: true), WireJson.Default.MessageDeleteRequest),
                WireJson.Default.ApiResponse,
                CancellationToken.None);
            return answer.Error is { } error ? JetStreamErrors.ToError(operation, error) : null;
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>Creates the stream.</summary>
    /// <returns>Null, or why there are no locks to be had.</returns>
    public async Task<string?> TryCreateAsync(Operation operation, CancellationToken cancellationToken)
    {
        // In memory, because a disk that is full must not stop definitions; on three servers where there are as many.
        (int Replicas, string Storage)[] forms = IsClustered ? [(3, "memory"), (1, "memory"), (1, "file")] : [(1, "memory"), (1, "file")];
        string? reason = null;
        foreach (var (replicas, storage) in forms)
        {
            StreamInfoWire answer;
            try
            {
                answer = await CreateAsync(operation, Wanted(replicas, storage), cancellationToken);
            }
            catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.Conflict)
            {
                // Not permitted.
                return exception.Error.ToString();
            }

            switch (answer.Error)
            {
                case null:
                    return null;
                case { ErrCode: JetStreamErrors.StreamExists }:
                    return (await CheckAsync(operation, cancellationToken))?.Reason;
                case var error:
                    reason = ReasonOf(JetStreamErrors.ToError(operation, error));
                    break;
            }
        }

        return reason;
    }

    private static readonly string[] Harmful = ["no_ack", "sealed", "deny_delete"];

    private static JsonObject Wanted(int replicas, string storage) => StreamDefaults.File.With(new JsonObject
    {
        ["name"] = LockSubjects.Stream,
        ["description"] = "Held for a moment while an Httpmq gateway changes a definition",
        ["subjects"] = new JsonArray(LockSubjects.Prefix + ">"),
        ["max_age"] = Life,
        ["duplicate_window"] = Life,
        ["storage"] = storage,
        ["num_replicas"] = replicas,
    });

    /// <summary>What keeps it from holding locks as it should, as the field and its value; null: nothing.</summary>
    private static string? Validate(GivenConfig<StreamConfig> config) => config.Known switch
    {
        { Subjects: not [LockSubjects.Prefix + ">"] } known => $"subjects: {string.Join(", ", known.Subjects ?? [])}",
        { MaxAge: not { Nanoseconds: Life } } known => $"max_age: {known.MaxAge?.Nanoseconds ?? 0}",
        _ when config.Text("retention") is not "limits" and var retention => $"retention: {retention}",
        { MaxMsgs: > 0 } known => $"max_msgs: {known.MaxMsgs}",
        { MaxBytes: > 0 } known => $"max_bytes: {known.MaxBytes}",
        { MaxMsgSize: > 0 } known => $"max_msg_size: {known.MaxMsgSize}",
        _ => Array.Find(Harmful, config.IsOn) ?? (config.Holds("subject_transform") ? "subject_transform" : null),
    };

    /// <summary>Of a refusal that stays; what may be over in a moment is thrown.</summary>
    private static string ReasonOf(Error refusal) => refusal.Kind is ErrorKind.Unavailable or ErrorKind.Timeout or ErrorKind.TooMany
        ? throw new HttpmqException(refusal)
        : $"JetStream refuses: {refusal}";

    private Task<StreamInfoWire> CreateAsync(Operation operation, JsonObject config, CancellationToken cancellationToken) =>
        api.TryCallAsync(
            operation,
            $"STREAM.CREATE.{LockSubjects.Stream}",
            JsonSerializer.SerializeToUtf8Bytes(config, WireJson.Default.JsonObject),
            WireJson.Default.StreamInfoWire,
            cancellationToken);
}
