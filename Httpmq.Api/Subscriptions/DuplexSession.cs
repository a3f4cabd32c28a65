using System.Buffers;
using System.IO.Pipelines;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Subscriptions;

/// <summary>The client's half of a duplex subscription: lines of its request, while the answer has the deliveries.</summary>
internal sealed class DuplexSession(HttpContext http, SubscriberInbox inbox, SubscriberMessages messages, BodyBuffers buffers)
{
    /// <summary>
    /// Reads until the request ends, the client leaves, or sends what cannot be taken. An end of the request ends
    /// nothing else, unless no credit is left.
    /// </summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var held = buffers.Hold();
        var body = http.Request.BodyReader;
        try
        {
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                var rest = result.Buffer;
                try
                {
                    if (!await TryTakeLinesAsync(result.IsCompleted, cancellationToken))
                    {
                        return;
                    }
                }
                finally
                {
                    body.AdvanceTo(rest.Start, rest.End);
                }

                if (result.IsCompleted)
                {
                    inbox.Silence();
                    return;
                }

                held.GrowTo(rest.Length);

                async Task<bool> TryTakeLinesAsync(bool isLast, CancellationToken cancellation)
                {
                    while (TryTakeLine(ref rest, isLast, out var line))
                    {
                        if (line.Length > SubscriberMessages.MaxBytes)
                        {
                            inbox.Refuse(SubscriberMessages.TooLarge());
                            return false;
                        }

                        if (!await messages.TryTakeAsync(line, cancellation))
                        {
                            return false;
                        }
                    }

                    if (rest.Length <= SubscriberMessages.MaxBytes)
                    {
                        return true;
                    }

                    inbox.Refuse(SubscriberMessages.TooLarge());
                    return false;
                }
            }
        }
        catch (HttpmqException exception)
        {
            inbox.Refuse(exception.Error);
        }
        catch (Exception exception) when (MalformedBody.Describe(exception) is { } detail)
        {
            inbox.Refuse(Errors.HttpErrors.Broken(detail));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client is gone, which the pump sees by itself, or the subscription is over.
        }
    }

    /// <summary>The next line that is not blank; the last needs no line break.</summary>
    private static bool TryTakeLine(ref ReadOnlySequence<byte> rest, bool isLast, out ReadOnlySequence<byte> line)
    {
        while (rest.Length > 0)
        {
            var end = rest.PositionOf((byte)'\n');
            if (end is null && !isLast)
            {
                break;
            }

            line = end is { } at ? rest.Slice(0, at) : rest;
            rest = end is { } after ? rest.Slice(rest.GetPosition(1, after)) : rest.Slice(rest.End);
            if (!IsBlank(line))
            {
                return true;
            }
        }

        line = default;
        return false;
    }

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return false;
            }
        }

        return true;
    }
}
