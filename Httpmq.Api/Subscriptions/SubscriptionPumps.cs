using System.IO.Pipelines;
using System.Net.WebSockets;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Api.Tracing;
using Httpmq.Application.Subscriptions;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Api.Subscriptions;

/// <summary>
/// Runs subscriptions, with what all of them need. Each has its place already; at its end the source is disposed and the place given back.
/// </summary>
internal sealed class SubscriptionPumps(
    OpenStreams streams,
    IMediator mediator,
    BodyBuffers buffers,
    UnknownNames unknown,
    RateLimiter rates,
    GatewayMetrics metrics,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<SubscriptionPumps> logger)
{
    private readonly UnknownFields _fields = new();

    /// <summary>Deliveries go down; the client says nothing.</summary>
    public async Task RunAsync(HttpContext http, IDeliverySource source, FramingOptions options)
    {
        var output = new ChunkedOutput(http.Response.BodyWriter);
        var subscriber = Create(http, source, options, output, options.Shape.Name, inbox: null, http.RequestAborted);
        WriteHeaders(http.Response, subscriber.Framing);
        RequestSpan.EndOpening(http);
        await RunAsync(http, source, subscriber, options.IsReplay ? "replay" : "stream");
    }

    /// <summary>Deliveries go down while lines of the request come up.</summary>
    public async Task RunDuplexAsync(HttpContext http, IDeliverySource source, FramingOptions options)
    {
        using var inbox = new SubscriberInbox(source, options.Credit!);
        var session = new DuplexSession(http, inbox, Messages(http, source, inbox), buffers);
        var subscriber = Create(http, source, options, new ChunkedOutput(http.Response.BodyWriter), "duplex", inbox, http.RequestAborted);
        WriteHeaders(http.Response, subscriber.Framing);
        RequestSpan.EndOpening(http);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var reading = session.ReadAsync(over.Token);
        await RunAsync(http, source, subscriber, "duplex", reading, over, async pump =>
        {
            // One of the two reads.
            await over.CancelAsync();
            await reading;
            if (pump.Reason is not null)
            {
                await OpenRequest.EndAsync(http);
            }
        });
    }

    /// <summary>The same over a WebSocket: each object is a message.</summary>
    public async Task RunWebSocketAsync(HttpContext http, IDeliverySource source, FramingOptions options)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        using var socket = await AcceptAsync(http, source);
        RequestSpan.EndOpening(http, http.Response.StatusCode);
        using var inbox = new SubscriberInbox(source, options.Credit!);
        var session = new WebSocketSession(socket, inbox, Messages(http, source, inbox, options.IsReplay), buffers, gone, time);
        var subscriber = Create(http, source, options, new WebSocketOutput(socket), "websocket", inbox, gone.Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var reading = session.ReadAsync(over.Token);
        var kind = options.IsReplay ? "replay-websocket" : "websocket";
        await RunAsync(http, source, subscriber, kind, reading, over, pump => session.CloseAsync(pump.Reason, reading));
    }

    private async Task<WebSocket> AcceptAsync(HttpContext http, IDeliverySource source)
    {
        try
        {
            var offered = http.WebSockets.WebSocketRequestedProtocols;
            return await http.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { SubProtocol = offered.Count > 0 ? WebSocketSession.Subprotocol : null });
        }
        catch
        {
            await source.DisposeAsync();
            streams.LeaveSubscription();
            throw;
        }
    }

    private SubscriberMessages Messages(HttpContext http, IDeliverySource source, SubscriberInbox inbox, bool isReplay = false) =>
        new(
            mediator,
            CallerMiddleware.CallerOf(http),
            http.TraceIdentifier,
            source,
            inbox,
            buffers,
            rates.Of(http),
            new SubscriberFields(unknown, _fields, http.Request.Method, http.Features.Get<RequestNotes>() is { IsStrict: true }),
            refusal => AuditLog.Refuse(http, refusal, ErrorResponses.StatusOf(refusal.Kind)))
        {
            IsReplay = isReplay,
        };

    private Subscriber Create(
        HttpContext http,
        IDeliverySource source,
        FramingOptions options,
        PipeWriter output,
        string framing,
        SubscriberInbox? inbox,
        CancellationToken gone) =>
        new(output, Framings.Create(options, output, http.TraceIdentifier, source.Stream, source.Consumer), gone)
        {
            Heartbeat = options.Heartbeat,
            Acknowledgement = options.AutoAcknowledge
                ? new AutoAcknowledgement(mediator, CallerMiddleware.CallerOf(http), http.TraceIdentifier, source, logger)
                : null,
            Inbox = inbox,
            Spans = DeliverySpans.Create("deliver", source.Stream, source.Consumer, time),
            Metrics = new SessionMetrics(metrics, options.IsReplay ? "replay" : "subscription", framing),
        };

    private static void WriteHeaders(HttpResponse response, IFraming framing)
    {
        response.ContentType = framing.ContentType;
        response.Headers.CacheControl = framing.CacheControl;
        response.Headers["X-Accel-Buffering"] = "no";
        response.Headers["Incremental"] = "?1";
        VaryByAccept.Note(response);
    }

    /// <summary>Runs the pump, and the client's half beside it, which ends with it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="source">Where the deliveries come from.</param>
    /// <param name="subscriber">The client.</param>
    /// <param name="kind">How the client gets them, for the log.</param>
    /// <param name="reading">The client's half; null: it has none.</param>
    /// <param name="over">Ends the client's half.</param>
    /// <param name="close">Follows the last words, while the client's half still goes on; null: nothing does.</param>
    private async Task RunAsync(
        HttpContext http,
        IDeliverySource source,
        Subscriber subscriber,
        string kind,
        Task? reading = null,
        CancellationTokenSource? over = null,
        Func<SubscriptionPump, Task>? close = null)
    {
        LongRequest.LeaveOutOfDurations(http);
        var pump = new SubscriptionPump(http, source, subscriber, time, lifetime.ApplicationStopping);
        await streams.RunAsync(pump, async () =>
        {
            try
            {
                await RunAsync(pump, http, source, kind, subscriber.Metrics);
                await (close?.Invoke(pump) ?? Task.CompletedTask);
            }
            finally
            {
                if (reading is not null)
                {
                    await over!.CancelAsync();
                    await reading;
                }
            }
        });
    }

    private async Task RunAsync(
        SubscriptionPump pump, HttpContext http, IDeliverySource source, string kind, SessionMetrics? counts)
    {
        var start = time.GetTimestamp();
        var (id, principal) = (PlainText.Word(pump.RequestId), PlainText.Word(pump.Principal));
        var consumer = source.Consumer.Length > 0 ? source.Consumer : AccessLogMiddleware.Nobody;
        logger.Subscribed(id, principal, source.Stream, consumer, kind);
        try
        {
            await pump.RunAsync();
        }
        finally
        {
            try
            {
                // Its own clean-up: the request's token is cancelled by now.
                await source.DisposeAsync();
            }
            finally
            {
                streams.LeaveSubscription();
                if (pump.Reason is { Kind: ErrorKind.Unauthenticated or ErrorKind.Forbidden } refusal)
                {
                    AuditLog.Refuse(http, refusal, ErrorResponses.StatusOf(refusal.Kind));
                }

                counts?.End(pump.IsCutOff ? SessionMetrics.CutOff : pump.Reason?.Type.Slug ?? SessionMetrics.ClientGone);
                logger.Unsubscribed(
                    id,
                    principal,
                    source.Stream,
                    consumer,
                    kind,
                    pump.Deliveries,
                    pump.Bytes,
                    time.GetElapsedTime(start).TotalMilliseconds,
                    pump.Reason?.Type.Slug ?? "client-gone");
            }
        }
    }
}
