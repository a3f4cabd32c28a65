using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Httpmq.Api.Hosting.Transport;

/// <summary>
/// One real listener in front of two virtual ones. Accepts connections, looks at the first bytes of each without consuming
/// them, and hands the connection itself (no wrapper) to the lane of its protocol.
/// </summary>
internal sealed partial class DualProtocolListener : IAsyncDisposable
{
    private readonly IConnectionListener _socket;
    private readonly TimeSpan _peekTimeout;
    private readonly int _maxPeeking;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Task? _unbinding;
    private Exception? _acceptError;

    // The connections in their peek, and one for the accept loop: who brings it to zero closes the lanes.
    private int _active = 1;
    private int _lanesInUse;

    public DualProtocolListener(
        IConnectionListener socket, TimeSpan peekTimeout, int maxPeeking, TimeProvider time, ILogger logger)
    {
        _socket = socket;
        _peekTimeout = peekTimeout;
        _maxPeeking = maxPeeking;
        _time = time;
        _logger = logger;
        Http1 = new ProtocolLane(this);
        Http2 = new ProtocolLane(this);
    }

    private ProtocolLane Http1 { get; }

    private ProtocolLane Http2 { get; }

    /// <summary>The bound address; with port 0 asked for, the port that the system chose.</summary>
    public EndPoint EndPoint => _socket.EndPoint;

    /// <summary>One of the two lanes; who takes it disposes it.</summary>
    public ProtocolLane TakeLane(HttpProtocols protocol)
    {
        Interlocked.Increment(ref _lanesInUse);
        return protocol == HttpProtocols.Http2 ? Http2 : Http1;
    }

    public void Start()
    {
        // Connections must not inherit what flows through the start of the host (its current activity, for example).
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(AcceptAsync);
        }
    }

    /// <summary>
    /// Closes the listening socket, then the connections still in their peek, and returns when both lanes have ended.
    /// Connections that were handed over are not touched: Kestrel ends those gracefully. Both lanes call this.
    /// </summary>
    public Task UnbindAsync()
    {
        lock (_gate)
        {
            return _unbinding ??= UnbindCoreAsync();
        }
    }

    /// <summary>The last lane to go takes the socket transport with it, whose buffers the connections of both lanes use.</summary>
    public ValueTask ReleaseLaneAsync() =>
        Interlocked.Decrement(ref _lanesInUse) == 0 ? DisposeAsync() : ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        await Http1.CloseWaitingAsync();
        await Http2.CloseWaitingAsync();
        await _socket.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task UnbindCoreAsync()
    {
        await _socket.UnbindAsync();
        await _stopping.CancelAsync();
        await _drained.Task;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (await _socket.AcceptAsync() is { } connection)
            {
                var admitted = Interlocked.Increment(ref _active) <= _maxPeeking + 1;
                // Not awaited: a silent connection must not keep the next one waiting. Leave() counts it out.
                _ = RouteAsync(connection, admitted);
            }
        }
        catch (Exception e)
        {
            // Passed on to Kestrel's accept loops, which log it as critical; nobody is accepted any more, so end the peeks too.
            _acceptError = e;
            await _stopping.CancelAsync();
        }
        finally
        {
            Leave();
        }
    }

    private async Task RouteAsync(ConnectionContext connection, bool admitted)
    {
        try
        {
            if (!admitted)
            {
                LogTooManyPeeking(connection.ConnectionId, _maxPeeking);
            }

            var lane = admitted ? await PeekAsync(connection) : null;
            if (lane is null || !lane.TryOffer(connection))
            {
                await connection.DisposeAsync();
            }
        }
        catch (Exception e)
        {
            LogPeekFailed(e, connection.ConnectionId);
            await connection.DisposeAsync();
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>The lane to which the connection belongs, or null when it is to be closed.</summary>
    private async Task<ProtocolLane?> PeekAsync(ConnectionContext connection)
    {
        using var limit = new CancellationTokenSource(_peekTimeout, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        try
        {
            switch (await ReadPrefaceAsync(connection.Transport.Input, ended.Token))
            {
                case PrefaceMatch.Http2:
                    return Http2;
                case PrefaceMatch.Http1:
                    return Http1;
                default:
                    LogClosedByClient(connection.ConnectionId);
                    return null;
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            if (!_stopping.IsCancellationRequested)
            {
                LogPeekTimedOut(connection.ConnectionId, _peekTimeout);
            }

            return null;
        }
        catch (IOException)
        {
            // A reset by the client, which the socket transport has logged.
            LogClosedByClient(connection.ConnectionId);
            return null;
        }
    }

    /// <summary>Incomplete means that the client ended the connection before its protocol was known.</summary>
    private static async ValueTask<PrefaceMatch> ReadPrefaceAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var match = Http2Preface.Match(result.Buffer);
            if (match != PrefaceMatch.Incomplete || result.IsCompleted)
            {
                // Nothing consumed and nothing examined: the next reader gets the same bytes at once.
                input.AdvanceTo(result.Buffer.Start);
                return match;
            }

            // Nothing consumed but all examined: the next read waits for more bytes.
            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _active) == 0)
        {
            Http1.Complete(_acceptError);
            Http2.Complete(_acceptError);
            _drained.TrySetResult();
        }
    }
}
