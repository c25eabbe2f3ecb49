//! A stream of lines in portions, read by one thread, worked on by several, and given back in the order of the lines.

use std::io::{BufRead, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// How much is read at once, in bytes.
pub(super) const PORTION: usize = 1 << 18;

/// Portions that each thread has: one that it works on, and one that waits for it.
const EACH: usize = 2;

/// Whole lines as they were read, with the number of the first.
#[derive(Default)]
pub(super) struct Portion {
    first: u64,
    text: Vec<u8>,
}

/// Where lines come from.
pub(super) struct Lines<'r> {
    source: Box<dyn BufRead>,
    longest: usize,
    /// What was read after the last portion.
    rest: Vec<u8>,
    ended: bool,
    next: u64,
    read: &'r AtomicUsize,
}

/// A thread's two ends: portions go in, and come out with what was made of them.
struct Hand<T> {
    portions: Sender<(Portion, T)>,
    done: Receiver<(Portion, T)>,
}

impl Portion {
    /// Every line with its number and the end of line.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut rest = self.text.as_slice();
        (self.first..).map_while(move |number| {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, further) = rest.split_at_checked(end).filter(|(line, _)| !line.is_empty())?;
            rest = further;
            Some((number, line))
        })
    }
}

impl<'r> Lines<'r> {
    /// The lines of `source`; of one longer than `longest` bytes only as much comes as shows that it is. `read` will say how
    /// many bytes were read.
    pub(super) fn new(source: Box<dyn BufRead>, longest: usize, read: &'r AtomicUsize) -> Self {
        Self { source, longest, rest: Vec::new(), ended: false, next: 1, read }
    }

    /// Takes the next lines into `portion`, and says whether there were any.
    fn take(&mut self, portion: &mut Portion) -> std::io::Result<bool> {
        portion.first = self.next;
        let text = &mut portion.text;
        text.clear();
        text.append(&mut self.rest);
        while !self.ended {
            // Some bytes more, so that it is not made larger to find that there is no more to read.
            text.reserve(PORTION + 64);
            let bytes = self.source.by_ref().take(PORTION as u64).read_to_end(text)?;
            self.read.fetch_add(bytes, Ordering::Relaxed);
            self.ended = bytes < PORTION;
            if self.ended {
                break;
            }
            if let Some(last) = memchr::memrchr(b'\n', text) {
                self.rest.extend(text.drain(last + 1..));
                break;
            }
            if text.len() > self.longest {
                text.truncate(self.longest + 1);
                let skipped = self.source.skip_until(b'\n')?;
                self.read.fetch_add(skipped, Ordering::Relaxed);
                break;
            }
        }
        let ends = memchr::memchr_iter(b'\n', text).count();
        self.next += ends as u64 + u64::from(!text.ends_with(b"\n"));
        Ok(!text.is_empty())
    }

    /// Has `threads` threads do `work` on portions. What comes of each is `taken` in the order of the lines, until that says
    /// that no more is wanted; it is then used again for another portion.
    pub(super) fn work<T: Default + Send, W: FnMut(&Portion, &mut T)>(
        mut self,
        threads: usize,
        work: impl Fn() -> W + Sync,
        mut taken: impl FnMut(&mut T) -> bool,
    ) -> std::io::Result<()> {
        std::thread::scope(|scope| {
            let hand = |_| {
                let (portions, waiting) = channel::<(Portion, T)>();
                let (finished, done) = channel();
                let work = &work;
                scope.spawn(move || {
                    let mut work = work();
                    for (portion, mut made) in waiting {
                        work(&portion, &mut made);
                        if finished.send((portion, made)).is_err() {
                            break;
                        }
                    }
                });
                Hand { portions, done }
            };
            let hands: Vec<Hand<T>> = (0..threads).map(hand).collect();
            // Both go round in the same order.
            let (mut giving, mut taking) = (hands.iter().cycle(), hands.iter().cycle());
            let mut spare: Vec<(Portion, T)> = (0..EACH * threads).map(|_| <_>::default()).collect();
            let mut flying = 0_usize;
            let mut end = None;
            loop {
                while end.is_none()
                    && let Some((mut portion, made)) = spare.pop()
                {
                    match self.take(&mut portion) {
                        Ok(true) => {
                            giving.next().map(|hand| hand.portions.send((portion, made)));
                            flying += 1;
                        }
                        Ok(false) => end = Some(Ok(())),
                        Err(error) => end = Some(Err(error)),
                    }
                }
                if flying == 0 {
                    return end.unwrap_or(Ok(()));
                }
                // A thread that has panicked gives nothing back, and the scope panics when it is left.
                let Some(Ok((portion, mut made))) = taking.next().map(|hand| hand.done.recv()) else { return Ok(()) };
                flying -= 1;
                if !taken(&mut made) {
                    return Ok(());
                }
                spare.push((portion, made));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const LONGEST: usize = 3 * PORTION;

    /// Every line as it comes back, with its number.
    fn worked(text: Vec<u8>, threads: usize) -> Vec<(u64, Vec<u8>)> {
        let read = AtomicUsize::new(0);
        let size = text.len();
        let mut all = Vec::new();
        let work = || {
            |portion: &Portion, made: &mut Vec<(u64, Vec<u8>)>| {
                made.extend(portion.lines().map(|(number, line)| (number, line.to_vec())));
            }
        };
        let lines = Lines::new(Box::new(Cursor::new(text)), LONGEST, &read);
        let taken = |made: &mut Vec<_>| {
            all.append(made);
            true
        };
        lines.work(threads, work, taken).unwrap();
        assert_eq!(read.into_inner(), size);
        all
    }

    #[test]
    fn lines_come_back_in_their_order_with_their_numbers() {
        let line = |number: usize| format!("{number}:{}", "x".repeat(number * 7919 % 4000)).into_bytes();
        let lines: Vec<Vec<u8>> = (1..2000).map(line).collect();
        for end in ["", "\n"] {
            let mut text = lines.join(&b'\n');
            assert!(text.len() > 10 * PORTION);
            text.extend_from_slice(end.as_bytes());
            for threads in [1, 2, 5] {
                let worked = worked(text.clone(), threads);
                assert_eq!(worked.len(), lines.len());
                for ((number, back), (at, line)) in worked.iter().zip((1..).zip(&lines)) {
                    assert_eq!((*number, back.trim_ascii_end()), (at, line.as_slice()));
                }
            }
        }
        assert!(worked(Vec::new(), 2).is_empty());
    }

    #[test]
    fn of_a_line_that_is_too_long_comes_what_shows_it_and_the_next_is_whole() {
        for long in [LONGEST - 1, LONGEST, LONGEST + 1, LONGEST + PORTION, 5 * LONGEST] {
            let text = [b"a\n".as_slice(), &vec![b'x'; long], b"\n\nb\nc"].concat();
            let worked = worked(text, 2);
            let numbers: Vec<u64> = worked.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [1, 2, 3, 4, 5], "{long}");
            let lengths: Vec<usize> = worked.iter().map(|(_, line)| line.len()).collect();
            assert!(lengths[1] == long + 1 || (lengths[1] > LONGEST && long >= LONGEST), "{long}: {lengths:?}");
            assert_eq!([lengths[0], lengths[2], lengths[3], lengths[4]], [2, 1, 2, 1], "{long}");
        }
    }

    #[test]
    fn nothing_more_is_worked_on_when_no_more_is_wanted() {
        let read = AtomicUsize::new(0);
        let endless = std::io::BufReader::new(std::io::repeat(b'\n'));
        let mut portions = 0;
        let lines = Lines::new(Box::new(endless), LONGEST, &read);
        let work = || |portion: &Portion, made: &mut usize| *made = portion.lines().count();
        lines
            .work(2, work, |made| {
                portions += 1;
                *made == PORTION && portions < 3
            })
            .unwrap();
        assert_eq!(portions, 3);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_of_a_thread_is_a_panic_of_the_whole() {
        let read = AtomicUsize::new(0);
        let endless = std::io::BufReader::new(std::io::repeat(b'\n'));
        let lines = Lines::new(Box::new(endless), LONGEST, &read);
        let work = || |_: &Portion, (): &mut ()| panic!("of a thread");
        let _ = lines.work(2, work, |()| true);
    }
}
