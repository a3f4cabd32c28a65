using Httpmq.Application.Consumers;
using Httpmq.Application.Validation;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Messages;

/// <summary>Acknowledges deliveries of one consumer; each has its own fate, null where JetStream confirmed it.</summary>
public sealed record AcknowledgeBatch(string Stream, string Consumer, IReadOnlyList<AckPair> Pairs) : IRequest<IReadOnlyList<Error?>>
{
    /// <summary>The most pairs of one request.</summary>
    public const int MaxPairs = 10_000;
}

/// <summary>One delivery as the client named it.</summary>
/// <param name="Stream">Stream sequence, at least 1.</param>
/// <param name="Consumer">Consumer sequence, at least 1.</param>
/// <param name="Fault">Why it could not even be read, else null.</param>
public sealed record AckPair(ulong? Stream, ulong? Consumer, string? Fault = null)
{
    private const string Invalid = "Invalid acknowledgement";

    /// <summary>The delivery, or what is wrong with the pair.</summary>
    public Error? TryRead(out DeliverySequence delivery)
    {
        delivery = new DeliverySequence(Stream ?? 0, Consumer ?? 0);
        var fault = Fault ?? FaultOf("stream", Stream) ?? FaultOf("consumer", Consumer);
        return fault is null ? null : new Error(ErrorKind.InvalidInput, Invalid, fault);
    }

    private static string? FaultOf(string field, ulong? sequence) => sequence switch
    {
        null => $"{field} is required: a sequence of at least 1",
        0 => $"{field}: 0 is less than 1",
        _ => null,
    };
}

internal sealed class AcknowledgeBatchHandler(IMessageAcknowledger acknowledger) : IRequestHandler<AcknowledgeBatch, IReadOnlyList<Error?>>
{
    // So many are under way at once: enough to keep the connection busy.
    private const int Window = 512;

    public async Task<IReadOnlyList<Error?>> Handle(AcknowledgeBatch request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        if (request.Pairs.Count is 0 or > AcknowledgeBatch.MaxPairs)
        {
            throw HttpmqException.Invalid("Invalid acknowledgement", $"{request.Pairs.Count} pairs: a request takes 1 to {AcknowledgeBatch.MaxPairs}");
        }

        // Where nothing can be read at all, the request is no batch.
        if (request.Pairs.All(static pair => pair.Fault is not null))
        {
            throw HttpmqException.Invalid("Invalid acknowledgement", request.Pairs[0].Fault!);
        }

        var fates = new Error?[request.Pairs.Count];

        // The first one alone: it learns about the consumer what the others then need not ask.
        fates[0] = await AcknowledgeAsync(stream, consumer, request.Pairs[0], cancellationToken);
        if (fates[0] == ConsumerErrors.NotFound(stream, consumer) || fates[0] == ConsumerErrors.StreamNotFound(stream))
        {
            throw new HttpmqException(fates[0]!);
        }

        for (var start = 1; start < fates.Length; start += Window)
        {
            // One window's patience is that of the whole request: when JetStream does not answer, the rest is not sent.
            if (fates.Take(start).FirstOrDefault(IsOutage) is { } outage)
            {
                Array.Fill(fates, outage with { Detail = "not sent, because one before it in the request was not confirmed; nothing was acknowledged, try again" }, start, fates.Length - start);
                break;
            }

            var count = Math.Min(Window, fates.Length - start);
            var acks = request.Pairs.Skip(start).Take(count).Select(pair => AcknowledgeAsync(stream, consumer, pair, cancellationToken));
            (await Task.WhenAll(acks)).CopyTo(fates, start);
        }

        return fates;
    }

    private static bool IsOutage(Error? fate) => fate?.Kind is ErrorKind.Unavailable or ErrorKind.Timeout;

    private Task<Error?> AcknowledgeAsync(StreamName stream, ConsumerName consumer, AckPair pair, CancellationToken cancellationToken) =>
        pair.TryRead(out var delivery) is { } error
            ? Task.FromResult<Error?>(error)
            : acknowledger.AcknowledgeAsync(stream, consumer, delivery, cancellationToken).AsTask();
}
