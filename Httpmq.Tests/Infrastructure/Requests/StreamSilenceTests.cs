using Httpmq.Infrastructure.Requests;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Requests;

/// <summary>Which records of batches are sent while streams leave publishes unanswered.</summary>
internal sealed class StreamSilenceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(200);

    private readonly FakeTimeProvider _time = new();
    private StreamSilence _silence = null!;

    [SetUp]
    public void Begin() => _silence = new StreamSilence(_time, Limit, CheckInterval);

    [Test]
    public void MaySend_NothingTimedOut_IsTrue() => Assert.That(_silence.MaySend("a"), Is.True);

    [Test]
    public void MaySend_NoStreamAnswers_OneRecordInEachTimeLimit()
    {
        TimeOut("a");
        var at = Sends("a", "b");
        Pass(Limit);
        var later = Sends("b", "b", "a");
        Pass(Limit);

        Assert.That((at, later, Sends("a", "a")), Is.EqualTo((at: "--", later: "+--", "+-")));
    }

    [Test]
    public void MaySend_OtherStreamsAnswer_RefusesThatSubjectAlone()
    {
        Answer("b");
        TimeOut("a");

        Assert.That(Sends("a", "b", "c"), Is.EqualTo("-++"));
    }

    /// <summary>Each would hold up the records behind it for the time limit.</summary>
    [Test]
    public void MaySend_TheRecordThatTriedTimedOut_RefusesForAnotherTimeLimit()
    {
        Answer("b");
        TimeOut("a");
        Pass(Limit);
        var tried = Sends("a", "a");
        Answer("b");
        Pass(Limit);
        Answer("b");
        TimeOut("a");
        Pass(Limit - CheckInterval);

        Assert.That((tried, Sends("a")), Is.EqualTo(("+-", "-")));
    }

    [Test]
    public void Answered_ThatSubject_SendsAtOnce()
    {
        Answer("b");
        TimeOut("a");
        TimeOut("c");
        Answer("a");

        Assert.That(Sends("a", "a", "c"), Is.EqualTo("++-"));
    }

    [Test]
    public void Answered_FirstOfAllStreams_SendsToEverySubject()
    {
        TimeOut("a");
        Answer("b");

        Assert.That(Sends("a", "b", "c"), Is.EqualTo("+++"));
    }

    /// <summary>They come while a stream is stuck, or a cluster without a majority.</summary>
    [TestCase("$JS.API.INFO")]
    [TestCase("$JS.ACK.s.c.1.2.3.4.5")]
    public void Answered_NotAPublish_TellsNothing(string subject)
    {
        Answer(subject);
        TimeOut("a");
        Answer(subject);

        Assert.That(Sends("a", "b"), Is.EqualTo("--"));
    }

    [Test]
    public void TimedOut_NotAPublish_TellsNothing()
    {
        TimeOut("$JS.API.INFO");

        Assert.That(Sends("a"), Is.EqualTo("+"));
    }

    [Test]
    public void Look_NobodyPublishedForLong_Forgets()
    {
        Answer("b");
        TimeOut("a");
        Pass(3 * Limit);
        _silence.Check(_time.GetTimestamp());

        Assert.That(Sends("a", "a"), Is.EqualTo("++"));
    }

    [Test]
    public void TimedOut_MoreSubjectsThanAreKept_SendsToTheRest()
    {
        Answer("b");
        for (var number = 0; number <= 1024; number++)
        {
            TimeOut($"s.{number}");
        }

        Assert.That(Sends("s.0", "s.1023", "s.1024"), Is.EqualTo("--+"));
    }

    [Test]
    public void Clear_AnotherConnection_SendsToAll()
    {
        TimeOut("a");
        _silence.Clear();

        Assert.That(Sends("a", "b"), Is.EqualTo("++"));
    }

    private void Answer(string subject)
    {
        _silence.Answered(subject);
        _silence.Check(_time.GetTimestamp());
    }

    private void TimeOut(string subject) => _silence.TimedOut(subject, _time.GetTimestamp());

    private void Pass(TimeSpan time) => _time.Advance(time);

    private string Sends(params string[] subjects) => string.Concat(subjects.Select(subject => _silence.MaySend(subject) ? '+' : '-'));
}
