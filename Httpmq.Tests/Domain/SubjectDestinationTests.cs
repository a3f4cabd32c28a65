using Httpmq.Domain.Naming;

namespace Httpmq.Tests.Domain;

internal sealed class SubjectDestinationTests
{
    [TestCase("a.b", "a.b")]
    [TestCase("a.{{wildcard(1)}}.$2", "a.*.*")]
    [TestCase("a.{{ Wildcard( 1 ) }}", "a.>")]
    [TestCase("a.x{{wildcard(1)}}", "a.>")]
    [TestCase("a.{{split(1,.)}}.b", "a.>")]
    [TestCase("{{partition(3,1)}}", ">")]
    public void Widest_Destination_HoldsAllThatItMayBecome(string destination, string expected) =>
        Assert.That(SubjectDestination.Widest(destination), Is.EqualTo(expected));

    [TestCase("$JS.API.STREAM.PURGE.x", "$JS.>")]
    [TestCase("$JS.ACK.s.c.1.1.1.0.0", "$JS.>")]
    [TestCase("$SYS.REQ.SERVER.PING", "$SYS.>")]
    [TestCase("_INBOX.x", "_INBOX.>")]
    [TestCase("_INBOX.>", "_INBOX.>")]
    [TestCase("_INBOX.{{wildcard(1)}}.d", "_INBOX.>")]
    [TestCase("$KV.httpmq_locks.x", "$KV.httpmq_locks.>")]
    [TestCase("$KV.$1.x", "$KV.httpmq_locks.>")]
    [TestCase(">", "$JS.>")]
    [TestCase("$1.API.INFO", "$JS.>")]
    [TestCase("{{wildcard(1)}}.x", "$JS.>")]
    [TestCase("{{left(1,3)}}.x", "$JS.>")]
    [TestCase("x{{partition(3,1)}}.x", "$JS.>")]
    [TestCase("{{partition(3,1)}}{{wildcard(1)}}.x", "$JS.>")]
    public void ReasonAgainst_WhatMayBecomeASubjectOfTheBroker_NamesWhich(string destination, string reserved) =>
        Assert.That(SubjectDestination.ReasonAgainst(destination), Does.EndWith($"({reserved})"));

    [TestCase("copy.>")]
    [TestCase("copy.{{split(1,-)}}")]
    [TestCase("copy.$JS.API.INFO")]
    [TestCase("$KV.bucket.{{wildcard(1)}}")]
    [TestCase("{{partition(3,1)}}.orders.>")]
    [TestCase("$1")]
    [TestCase("")]
    public void ReasonAgainst_OtherDestination_IsNull(string destination) =>
        Assert.That(SubjectDestination.ReasonAgainst(destination), Is.Null);
}
