using System.Collections.Concurrent;
using System.Text;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>What nats-server sends is read, in order and whole, also while nobody has time for it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ReadAheadTests : IAsyncDisposable
{
    private const int Large = 64 * 1024;

    private readonly FakeSocket _socket = new();
    private readonly ReadAhead _ahead;

    public ReadAheadTests() => _ahead = ReadAhead.Of(_socket, limit: 4 * 1024 * 1024);

    public async ValueTask DisposeAsync() => await _ahead.DisposeAsync();

    [Test]
    public async Task Receive_LittleIsThere_LeavesTheSocketToTheReader()
    {
        _socket.Add(Large, times: 10);
        var buffer = new byte[Large];

        var count = await _ahead.ReceiveAsync(buffer);
        var waits = 0;
        while (_socket.Waiting > 0)
        {
            waits += await _ahead.ReceiveAsync(buffer) == Large ? 1 : 0;
        }

        Assert.That((count, waits, _ahead.Held, _socket.Threads), Is.EqualTo((Large, 9, 0, 1)));
    }

    [Test]
    public async Task Receive_Behind_WhatIsThereIsReadMeanwhile()
    {
        await FallBehindAsync();

        await Eventually.HoldsAsync(() => _socket.Waiting == 0, "everything read");

        Assert.That(_ahead.Held, Is.EqualTo(10L * Large));
    }

    [Test]
    public async Task Receive_BehindAndThenNothingMore_WaitsForTheNextBytesAndReadsByItselfAgain()
    {
        await FallBehindAsync();
        await Eventually.HoldsAsync(() => _socket.Waiting == 0, "everything read");
        var buffer = new byte[Large];
        while (_ahead.Held > 0)
        {
            await _ahead.ReceiveAsync(buffer);
        }

        var next = _ahead.ReceiveAsync(buffer);
        Assert.That(next.IsCompleted, Is.False);
        _socket.Add("next"u8.ToArray());
        var text = Encoding.ASCII.GetString(buffer, 0, await next);
        var after = _ahead.ReceiveAsync(buffer);
        _socket.Add("after"u8.ToArray());

        Assert.That((text, Encoding.ASCII.GetString(buffer, 0, await after)), Is.EqualTo(("next", "after")));
    }

    [Test]
    public async Task Receive_MoreThanMayBeHeld_StopsAndGoesOnWhenHalfIsTaken()
    {
        await FallBehindAsync(more: 100);
        await Eventually.HoldsAsync(() => _ahead.Held >= 4 * 1024 * 1024, "as much as may be held");
        var left = _socket.Waiting;
        var buffer = new byte[Large];
        for (var taken = 0; taken < 2 * 1024 * 1024; taken += Large)
        {
            Assert.That(_socket.Waiting, Is.EqualTo(left));
            Assert.That(await _ahead.ReceiveAsync(buffer), Is.EqualTo(Large));
        }

        await Eventually.HoldsAsync(() => _socket.Waiting < left, "reading again");
    }

    [Test]
    public async Task Receive_EndOfTheConnection_ComesAfterWhatWasReadBefore()
    {
        await FallBehindAsync();
        _socket.End();
        await Eventually.HoldsAsync(() => _socket.IsEndRead, "the end read");
        var buffer = new byte[Large];

        var total = 0;
        while (await _ahead.ReceiveAsync(buffer) is > 0 and var count)
        {
            total += count;
        }

        Assert.That(total, Is.EqualTo(10 * Large));
    }

    /// <summary>By then the library may have another connection, and must not hand over what came on two at the same time.</summary>
    [Test]
    public async Task Dispose_WithWhatNobodyHasTaken_NothingOfItComesAnyMore()
    {
        await FallBehindAsync();
        await Eventually.HoldsAsync(() => _ahead.Held > 0, "something read ahead");

        await _ahead.DisposeAsync();

        Assert.That(async () => await _ahead.ReceiveAsync(new byte[Large]), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(_ahead.Held, Is.Zero);
    }

    [Test]
    public async Task Dispose_WhileTheReaderWaits_TellsIt()
    {
        await FallBehindAsync();
        await Eventually.HoldsAsync(() => _socket.Waiting == 0, "everything read");
        var buffer = new byte[Large];
        while (_ahead.Held > 0)
        {
            await _ahead.ReceiveAsync(buffer);
        }

        var next = _ahead.ReceiveAsync(buffer).AsTask();
        await _ahead.DisposeAsync();

        Assert.That(async () => await next.WaitAsync(Eventually.TimeLimit), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Receive_SmallestLimit_GoesOnReading()
    {
        await using var ahead = ReadAhead.Of(_socket, limit: 0);
        _socket.Add(Large, times: 100);
        var buffer = new byte[Large];

        for (var left = 100 * Large; left > 0;)
        {
            left -= await ahead.ReceiveAsync(buffer).AsTask().WaitAsync(Eventually.TimeLimit);
        }

        Assert.That(ahead.Held, Is.Zero);
    }

    [Test]
    public async Task Receive_ConnectionBreaks_TheReaderIsToldWhy()
    {
        await FallBehindAsync();
        _socket.Break(new IOException("reset"));
        var buffer = new byte[Large];

        Assert.That(
            async () =>
            {
                while (true)
                {
                    await _ahead.ReceiveAsync(buffer);
                }
            },
            Throws.TypeOf<IOException>().With.Message.EqualTo("reset"));
    }

    [Test]
    public async Task Dispose_WhileNothingMoreMayBeHeld_EndsTheThread()
    {
        await FallBehindAsync(more: 100);
        await Eventually.HoldsAsync(() => _ahead.Held >= 4 * 1024 * 1024, "as much as may be held");

        Assert.That(_socket.IsReadBy(ReadAhead.ThreadName), Is.True);
        await _ahead.DisposeAsync();

        await Eventually.HoldsAsync(() => !_socket.IsReadBy(ReadAhead.ThreadName), "the end of the thread");
    }

    [Test]
    public async Task Receive_ReadsOfAnySizeAndPauses_EveryByteInOrder([Range(1, 8)] int seed)
    {
        var random = new Random(seed);
        var sent = new byte[20 * 1024 * 1024];
        random.NextBytes(sent);
        var sending = Task.Run(async () =>
        {
            for (int at = 0, length; at < sent.Length; at += length)
            {
                length = Math.Min(sent.Length - at, random.Next(4) == 0 ? random.Next(1, 100) : random.Next(Large));
                _socket.Add(sent[at..(at + length)]);
                if (random.Next(20) == 0)
                {
                    await Task.Yield();
                }
            }
        });

        var sizes = new Random(-seed);
        var buffer = new byte[4 * Large];
        for (int at = 0, count; at < sent.Length; at += count)
        {
            count = await _ahead.ReceiveAsync(buffer.AsMemory(0, sizes.Next(1, buffer.Length)));
            Assert.That(buffer.AsSpan(0, count).SequenceEqual(sent.AsSpan(at, count)), Is.True, $"what came at {at}");
        }

        await sending;
        Assert.That(_ahead.Held, Is.Zero);
    }

    /// <summary>What the thread has read last is waited for by the reader; it may be behind once more before the thread has gone.</summary>
    [Test]
    public async Task Receive_BehindAgainBeforeTheThreadIsGone_EveryByteOnce()
    {
        var buffer = new byte[2 * 1024 * 1024];
        for (var round = 0; round < 300; round++)
        {
            var block = new byte[(1024 * 1024) + round];
            Array.Fill(block, (byte)round);
            for (var left = 2 * block.Length; left > 0;)
            {
                var receiving = _ahead.ReceiveAsync(buffer);
                if (left == 2 * block.Length)
                {
                    _socket.Add(block);
                    _socket.Add(block);
                }

                var count = await receiving;
                Assert.That(
                    (count <= left, buffer.AsSpan(0, count).IndexOfAnyExcept((byte)round)), Is.EqualTo((true, -1)), $"round {round}");
                left -= count;
            }
        }
    }

    /// <summary>The reader takes so much without a pause that it is behind; then it takes no more, and so many reads are left.</summary>
    private async Task FallBehindAsync(int more = 10)
    {
        _socket.Add(Large, times: 16 + more);
        var buffer = new byte[Large];
        for (var i = 0; i < 16; i++)
        {
            await _ahead.ReceiveAsync(buffer);
        }
    }

    private sealed class FakeSocket : INatsSocketConnection
    {
        private readonly ConcurrentQueue<byte[]> _waiting = new();
        private readonly ConcurrentDictionary<Thread, bool> _threads = new();
        private readonly Lock _gate = new();
        private TaskCompletionSource? _signal;
        private Exception? _broken;
        private bool _ended;
        private int _taken;

        public int Waiting => _waiting.Count;

        public int Threads => _threads.Count;

        public bool IsEndRead { get; private set; }

        public bool IsReadBy(string name) =>
            _threads.Keys.Any(thread => thread.IsAlive && string.Equals(thread.Name, name, StringComparison.Ordinal));

        public void Add(int length, int times)
        {
            for (var i = 0; i < times; i++)
            {
                Add(new byte[length]);
            }
        }

        public void Add(byte[] bytes) => Change(() => _waiting.Enqueue(bytes));

        public void End() => Change(() => _ended = true);

        public void Break(Exception exception) => Change(() => _broken = exception);

        public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer) => new(buffer.Length);

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer)
        {
            _threads.TryAdd(Thread.CurrentThread, value: true);
            lock (_gate)
            {
                if (_waiting.TryPeek(out var bytes))
                {
                    var count = Math.Min(buffer.Length, bytes.Length - _taken);
                    bytes.AsSpan(_taken, count).CopyTo(buffer.Span);
                    _taken += count;
                    if (_taken == bytes.Length)
                    {
                        _waiting.TryDequeue(out _);
                        _taken = 0;
                    }

                    return new ValueTask<int>(count);
                }

                if (_broken is not null)
                {
                    return ValueTask.FromException<int>(_broken);
                }

                if (_ended)
                {
                    IsEndRead = true;
                    return new ValueTask<int>(0);
                }

                _signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return WaitAsync(buffer, _signal.Task);
        }

        public ValueTask DisposeAsync()
        {
            Break(new ObjectDisposedException("socket"));
            return ValueTask.CompletedTask;
        }

        private async ValueTask<int> WaitAsync(Memory<byte> buffer, Task signal)
        {
            await signal;
            return await ReceiveAsync(buffer);
        }

        private void Change(Action change)
        {
            lock (_gate)
            {
                change();
                _signal?.TrySetResult();
                _signal = null;
            }
        }
    }
}
