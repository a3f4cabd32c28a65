using System.Diagnostics;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>What is said of a store whose write takes long, and of a machine that has no time for it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[NonParallelizable] // It turns a clock until threads have run, and those are late where other tests hold them.
internal sealed class StoreProbeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly string _store = Directory.CreateTempSubdirectory("httpmq-store").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(_store, recursive: true);

    [Test]
    public async Task Ask_WriteDoesNotGetToRun_SaysNothingOfTheStore()
    {
        var waiting = new List<Action>();
        var probe = new StoreProbe(_store, _time, waiting.Add);

        Assert.That((await AskAsync(probe), await AskAsync(probe)), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That(waiting, Has.Count.EqualTo(1), "those who ask meanwhile share one write");
    }

    [Test]
    public async Task Ask_WriteDoesNotGetToRun_SaysWhatWasKnown()
    {
        var waiting = new List<Action>();
        var isBusy = false;
        var probe = new StoreProbe(_store, _time, write => (isBusy ? waiting.Add : (Action<Action>)(static run => run()))(write));
        Directory.Delete(_store);
        var gone = await AskAsync(probe);

        isBusy = true;

        Assert.That(gone, Does.Contain("is not there any more"));
        Assert.That(await AskAsync(probe), Is.EqualTo(gone));
        Directory.CreateDirectory(_store);
        waiting.Single()();
        isBusy = false;
        Assert.That(await AskAsync(probe), Is.Null);
    }

    [Test]
    public async Task Ask_WriteHangs_SaysSoUntilItIsDone()
    {
        // To open it for writing waits for somebody who reads.
        var file = Path.Combine(_store, ".httpmq-probe");
        using (var making = Process.Start("mkfifo", file))
        {
            await making.WaitForExitAsync();
        }

        var probe = new StoreProbe(_store, _time);
        await Eventually.HoldsAsync(
            async () => (await AskAsync(probe))?.EndsWith("(the file system does not answer)", StringComparison.Ordinal) is true,
            "the file system does not answer");

        await using (new FileStream(file, FileMode.Open, FileAccess.Read))
        {
            await Eventually.HoldsAsync(async () => await AskAsync(probe) is null, "it was written");
        }
    }

    [Test]
    public async Task Ask_StoreIsThere_IsAnsweredByAThreadOfItsOwn()
    {
        var probe = new StoreProbe(_store, _time);

        // The clock stands still: the answer is the write's.
        Assert.That(await probe.AskAsync(CancellationToken.None).WaitAsync(Eventually.TimeLimit), Is.Null);
        Assert.That(Directory.EnumerateFileSystemEntries(_store), Is.Empty);
    }

    private async Task<string?> AskAsync(StoreProbe probe)
    {
        var asking = probe.AskAsync(CancellationToken.None);
        while (!asking.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await asking;
    }
}
